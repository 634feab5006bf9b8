#pragma once
// One SQL session, as the resource files of this room use it. Portable SQL only: sqlite/ implements it, postgres/ can.
// Errors of SQL are surprises (a wrong statement, a damaged disk) and throw StoreFailure; store.h turns them into Result at its edge.

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
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

/// For what the database holds because it was checked before it was written.
template <typename T>
T or_throw(Result<T> result) {
  if (!result) throw StoreFailure(std::move(result).error());
  return std::move(*result);
}

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
  virtual std::string text(int column) const = 0;  ///< "" for NULL
  virtual std::string_view bytes(int column) const = 0;
  std::optional<std::string> optional_text(int column) const { return is_null(column) ? std::nullopt : std::optional(text(column)); }
};

using Values = std::span<const Value>;
using EachRow = std::function<void(const Row&)>;

/// Used by one thread at a time. Statements take `?` parameters and are cached by their text, so that text must be one of few.
class Session {
 public:
  virtual ~Session() = default;
  /// Runs one statement; `each` is called for every row and may use the session for other statements.
  virtual void query(std::string_view sql, Values values, const EachRow& each) = 0;
  /// Rows changed.
  virtual std::int64_t run(std::string_view sql, Values values) = 0;
  /// The integer key of the last inserted row.
  virtual std::int64_t last_key() = 0;
  /// Gives the disk back what removed rows have left free in the database's file, at most about `bytes`: part of a write. How many bytes it
  /// was; 0 when nothing is left, or when the database gives back by itself.
  virtual std::uint64_t shrink(std::uint64_t bytes) = 0;

  void query(std::string_view sql, std::initializer_list<Value> values, const EachRow& each) {
    query(sql, Values(values.begin(), values.size()), each);
  }
  std::int64_t run(std::string_view sql, std::initializer_list<Value> values) { return run(sql, Values(values.begin(), values.size())); }
};

}  // namespace muster::store
