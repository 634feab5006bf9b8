#pragma once
// Answers that every resource gives.

#include <string>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "http/message.h"
#include "model/run.h"
#include "scheduler/scheduler.h"
#include "store/page.h"

namespace muster::api {

/// {"<name>": […], "next": cursor or null}; an item is shown as `shown` says.
template <typename T, typename Shown>
http::Response page_response(const char* name, const store::Page<T>& page, Shown shown) {
  Json items = Json::array();
  for (const T& item : page.items) items.push_back(shown(item));
  return http::json_response(200, {{name, std::move(items)}, {"next", page.next ? Json(*page.next) : Json()}});
}

template <typename T>
http::Response page_response(const char* name, const store::Page<T>& page) {
  return page_response(name, page, [](const T& item) { return to_json(item); });
}

/// What the disk had no room to store of the run (Scheduler::unstored) is shown all the same.
inline void show_unstored(const std::vector<scheduler::UnstoredDetail>& unstored, model::Run& run) {
  if (model::has_ended(run.status)) return;
  for (const scheduler::UnstoredDetail& one : unstored) {
    if (one.run_key == run.key) run.status_detail = one.detail;
  }
}

template <typename T>
http::Response object_response(const T& object, int status = 200) {
  return http::json_response(status, to_json(object));
}

}  // namespace muster::api
