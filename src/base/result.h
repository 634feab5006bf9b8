#pragma once
// Expected failures are values: Result<T> holds a T or an Error that says what went wrong, where, and what to do next.
// Exceptions are kept for surprises (bugs, out of memory).

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <tl/expected.hpp>

namespace muster {

/// What kind of failure, in the words of the REST API (docs/rest-api.md); the HTTP edge turns each into a status.
enum class Code {
  malformed,
  unauthorized,
  forbidden,
  not_found,
  method_not_allowed,
  timeout,
  conflict,
  too_large,
  invalid,
  internal,
  unavailable,
  disk_full,       ///< no room (ENOSPC, EDQUOT)
  storage_failed,  ///< the disk cannot be used now for another reason (EIO, EROFS, EACCES …)
};

/// The code's name on the wire, e.g. "not_found".
std::string_view to_string(Code code);

/// The code of a name on the wire; Code::internal when the name is unknown.
Code code_from_string(std::string_view name);

/// One fault of an input: which field, what is wrong with it, what to do.
struct FieldError {
  std::string field;
  std::string detail;
  std::string hint;
};

struct Error {
  Code code = Code::internal;
  std::string detail;              ///< one sentence: what was attempted and what went wrong, with the names involved
  std::string hint;                ///< what to do next; may be empty
  std::vector<FieldError> errors;  ///< every fault of an input at once; may be empty
};

template <typename T>
using Result = tl::expected<T, Error>;

/// `return fail(Code::not_found, "no run named {}", name);`
template <typename... Args>
tl::unexpected<Error> fail(Code code, fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected<Error>(Error{code, fmt::format(format, std::forward<Args>(args)...), {}, {}});
}

/// The same with a hint: `return fail_hint(Code::not_found, "see `muster run list`", "no run named {}", name);`
template <typename... Args>
tl::unexpected<Error> fail_hint(Code code, std::string hint, fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected<Error>(Error{code, fmt::format(format, std::forward<Args>(args)...), std::move(hint), {}});
}

/// A failed system call: `doing` says what was attempted ("open /x/y"), `error_number` is errno.
/// ENOSPC and EDQUOT become Code::disk_full; EMFILE, ENFILE, EAGAIN and ENOMEM, which pass, Code::unavailable; what a disk or its rights
/// refuse (EIO, EROFS, EACCES, EPERM and their like) Code::storage_failed; the rest Code::internal.
Error system_error(std::string_view doing, int error_number);

}  // namespace muster

/// Returns the error of `expression` from the enclosing function, else goes on.
#define MUSTER_TRY(expression)                                       \
  do {                                                               \
    auto&& muster_try_result = (expression);                         \
    if (!muster_try_result) {                                        \
      return ::tl::unexpected(std::move(muster_try_result).error()); \
    }                                                                \
  } while (false)

#define MUSTER_CONCAT_INNER(a, b) a##b
#define MUSTER_CONCAT(a, b) MUSTER_CONCAT_INNER(a, b)
#define MUSTER_TRY_ASSIGN_INNER(name, declaration, expression) \
  auto name = (expression);                                    \
  if (!name) return ::tl::unexpected(std::move(name).error()); \
  declaration = std::move(*name)
/// `MUSTER_TRY_ASSIGN(auto file, open_file(path));`
#define MUSTER_TRY_ASSIGN(declaration, expression) MUSTER_TRY_ASSIGN_INNER(MUSTER_CONCAT(muster_result_, __LINE__), declaration, expression)
