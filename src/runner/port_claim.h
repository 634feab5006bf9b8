#pragma once
// The port at which a run's ranks meet: runs that start on one machine at the same time must not be given the same one.

#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace muster::runner {

/// A TCP port of this machine, claimed among runners until this object or its process ends. The port itself stays free for the rank that
/// will listen on it, seconds later.
class PortClaim {
 public:
  /// What Azure ML uses, and so what scripts have written into them.
  static constexpr int kUsualPort = 6105;

  /// The usual port when no other runner has claimed it and nothing listens on it, else the next such one; never one of `avoid`.
  /// unavailable when there is none.
  static Result<PortClaim> take(const std::vector<int>& avoid = {});

  int port() const { return port_; }

 private:
  PortClaim(Fd claim, int port) : claim_(std::move(claim)), port_(port) {}

  Fd claim_;
  int port_;
};

}  // namespace muster::runner
