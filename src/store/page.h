#pragma once
// How long listings are read in parts. A cursor names the last row seen (keyset paging), so that page 10,000 costs what the first does.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace muster::store {

struct PageRequest {
  std::string cursor;  ///< "" for the first page, else `next` of the one before
  int limit = 100;     ///< 1 to 1000
};

template <typename T>
struct Page {
  std::vector<T> items;
  std::optional<std::string> next;  ///< nothing on the last page
};

/// Reads a cursor that is one integer key; `first` when it is empty. malformed for anything else.
Result<std::int64_t> key_cursor(const PageRequest& request, std::int64_t first);

/// Asked for one row more than the page has: drops that row and makes the cursor. `key_of` gives a row's key.
template <typename T, typename KeyOf>
Page<T> to_page(std::vector<T> items, int limit, KeyOf&& key_of) {
  Page<T> page{std::move(items), std::nullopt};
  if (page.items.size() > static_cast<std::size_t>(limit)) {
    page.items.resize(static_cast<std::size_t>(limit));
    page.next = std::to_string(key_of(page.items.back()));
  }
  return page;
}

}  // namespace muster::store
