#pragma once
// The numbered steps that a database takes to be what this program expects. Forward only; each in one transaction.

#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/sqlite/connection.h"

namespace muster::store {

struct Migration {
  std::string_view name;  ///< "0001_first.sql"; its number is the version it leads to
  const char* sql;
};

/// All, in order; generated from src/store/migrations/ (cmake/texts.cmake).
const std::vector<Migration>& migrations();

/// Takes the steps that are still to be taken. invalid when the database is newer than the last of `steps`. Throws StoreFailure.
Result<void> migrate(Connection& connection, const std::vector<Migration>& steps);

}  // namespace muster::store
