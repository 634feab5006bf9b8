#pragma once
// What every Store must do, in src/store/store_contract_test.cc. A store's test says how one is opened and instantiates the suite there:
//   INSTANTIATE_TEST_SUITE_P(Sqlite, StoreContract, ::testing::Values(subject));

#include <filesystem>
#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "store/store.h"
#include "support/temp_folder.h"

namespace muster::store {

struct StoreSubject {
  std::string name;
  /// Opens the store of that folder, a new one where there is none. A store of before is closed by then, or its process was killed.
  std::function<Result<std::unique_ptr<Store>>(const std::filesystem::path& folder)> open;
  /// Calls `work` with a folder whose disk has room for a few MiB, in a process of its own; null when a store has no disk of its own.
  std::function<void(const std::function<void(const std::filesystem::path& folder)>& work)> on_small_disk;
};
inline void PrintTo(const StoreSubject& subject, std::ostream* out) { *out << subject.name; }

class StoreContract : public testing::TestWithParam<StoreSubject> {
 protected:
  StoreContract() { open(); }
  void open() { store_ = GetParam().open(folder_.path()).value(); }
  void reopen() {
    store_.reset();
    open();
  }

  const test::TempFolder folder_;
  std::unique_ptr<Store> store_;
};

}  // namespace muster::store
