#pragma once
// The filter of runs as one text that people type: "status:failed acc>=0.9 tag.team=birds". Pure.

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace muster::api {

inline constexpr std::size_t kLongestFilter = 4000;

/// The same in the words of the list's query (run_query.h), which checks what the values may be. Terms stand apart by blanks and must all
/// hold; what has blanks or signs in it stands in double quotes, where \" and \\ are themselves.
///   status:failed  experiment:birds  kind:job  parent:RUN  name:'resnet*'  lifecycle:deleted
///   created>=2026-11-01  created<2026-12-01T08:00:00Z
///   tag.KEY  tag.KEY=VALUE  param.NAME  param.NAME=VALUE (!= < <= > >=)  metric.NAME  metric.NAME>=0.9 (= != < <= >)
///   acc>=0.9  the same of a metric, in short;  resnet  part of the display name
/// invalid names the term that cannot be read.
Result<std::multimap<std::string, std::string>> query_of_filter(std::string_view filter);

}  // namespace muster::api
