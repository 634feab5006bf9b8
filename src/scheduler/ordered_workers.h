#pragma once
// A few threads for work that may take long. What is posted under one key is done in order, one after the other; different keys do not wait
// for each other while there are threads.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace muster::scheduler {

/// Thread-safe. A task that throws is logged and not run again.
class OrderedWorkers {
 public:
  using MakeThread = std::function<std::thread(std::function<void()>)>;
  static std::thread plain_thread(std::function<void()> body) { return std::thread(std::move(body)); }

  /// One thread is there from the start (or its std::system_error is thrown), up to `most` when they are needed and can be had: without
  /// them all work waits for the first.
  explicit OrderedWorkers(int most, MakeThread make_thread = plain_thread);
  ~OrderedWorkers();
  OrderedWorkers(const OrderedWorkers&) = delete;
  OrderedWorkers& operator=(const OrderedWorkers&) = delete;

  void post(const std::string& key, std::function<void()> task);
  /// No other task begins. False: some had not ended after `patience`; their threads are left to themselves, and must use nothing that
  /// goes.
  bool stop(std::chrono::milliseconds patience);

 private:
  struct Inside;
  std::shared_ptr<Inside> inside_;
};

}  // namespace muster::scheduler
