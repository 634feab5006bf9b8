#pragma once
// What a listing of runs is asked: filters, order and page, from the query of a request.

#include "http/message.h"
#include "store/run_list.h"

namespace muster::api {

struct RunQuery {
  store::runs::Filter filter;
  store::runs::Order order;
  store::PageRequest page;
};

/// invalid with all faults.
Result<RunQuery> read_run_query(const http::Request& request);

}  // namespace muster::api
