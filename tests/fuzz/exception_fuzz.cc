// A rank's log is whatever the rank printed: finding the exception in it must end, stay inside its bytes and answer in UTF-8.

#include <cstdint>
#include <cstdlib>

#include "base/text.h"
#include "model/printed_exception.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto found = muster::model::find_exception({reinterpret_cast<const char*>(data), size});
  if (!found) return 0;
  if (!muster::is_utf8(found->type) || !muster::is_utf8(found->message) || !muster::is_utf8(found->traceback)) std::abort();
  (void)muster::model::is_communication_error(*found);
  return 0;
}
