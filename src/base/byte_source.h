#pragma once
// Bytes of a known length that can be read from any place on: a file of this machine, or an object of a remote store.

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace muster {

/// Reading blocks on the disk or the network. Not thread-safe.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual std::uint64_t size() const = 0;
  /// Fills `into` with the bytes from `offset` on. Answers how many there were: fewer than asked for only at the end.
  virtual Result<std::size_t> read(std::uint64_t offset, std::span<char> into) = 0;
  /// The file whose bytes they are, for sendfile(2); -1 when they are no file of this machine. Good for as long as the source.
  virtual int descriptor() const { return -1; }
};

/// The first `size` bytes of an open file. `name` is for errors.
std::unique_ptr<ByteSource> file_source(Fd file, std::uint64_t size, std::string name);

}  // namespace muster
