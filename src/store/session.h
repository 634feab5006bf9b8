#pragma once
// One SQL session, as the resource files of this room use it. Portable SQL only: sqlite/ implements it, postgres/ can.
// Errors of SQL are surprises (a wrong statement, a damaged disk) and throw StoreFailure; store.h turns them into Result at its edge.

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

namespace muster::store {

class StoreFailure : public std::runtime_error {
 public:
  explicit StoreFailure(Error error) : std::runtime_error(error.detail), error_(std::move(error)) {}
  const Error& error() const { return error_; }

 private:
  Error error_;
};

struct Blob {
  std::string_view bytes;
};
/// A bound value. Text must be UTF-8; views must live until the call returns.
using Value = std::variant<std::nullptr_t, std::int64_t, double, std::string_view, Blob>;
inline Value or_null(const std::optional<std::string>& text) { return text ? Value(std::string_view(*text)) : Value(nullptr); }

/// One row of an answer; columns from 0; valid only inside the callback.
class Row {
 public:
  virtual ~Row() = default;
  virtual bool is_null(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;  ///< 0 for NULL
  virtual double real(int column) const = 0;
  virtual std::string text(int column) const = 0;      ///< "" for NULL
  virtual std::string_view bytes(int column) const = 0;
  std::optional<std::string> optional_text(int column) const { return is_null(column) ? std::nullopt : std::optional(text(column)); }
};

/// Used by one thread at a time.
class Session {
 public:
  virtual ~Session() = default;
  /// Runs one statement with `?` parameters; `each` is called for every row. Statements are cached by their text.
  virtual void query(std::string_view sql, std::initializer_list<Value> values, const std::function<void(const Row&)>& each) = 0;
  virtual void query(std::string_view sql, const std::vector<Value>& values, const std::function<void(const Row&)>& each) = 0;
  /// Rows changed.
  virtual std::int64_t run(std::string_view sql, std::initializer_list<Value> values) = 0;
  /// The integer key of the last inserted row.
  virtual std::int64_t last_key() = 0;
};

}  // namespace muster::store
