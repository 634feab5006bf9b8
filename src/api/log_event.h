#pragma once
// A piece of a log as an event of a run's stream. Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "store/log_store.h"

namespace muster::api {

/// `event: name`, `data: …`.
std::string event_text(std::string_view name, const Json& data);

/// How many of the bytes to send now: all but a character that has begun and may still be completed.
std::size_t without_begun_character(std::string_view bytes);

/// The `log` event of `bytes`, which begin at `offset` and were written at `time`: as text, or as base64 when they are not UTF-8.
std::string log_event_text(const store::LogInfo& log, std::uint64_t offset, TimeUs time, std::string bytes);

}  // namespace muster::api
