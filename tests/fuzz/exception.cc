// A rank's log is whatever the rank printed: finding the exception in it must end, stay inside its bytes and answer in UTF-8.

#include <cstdlib>

#include "base/text.h"
#include "fuzz.h"
#include "model/printed_exception.h"

void muster::fuzz::exception(std::string_view bytes) {
  const auto found = model::find_exception(bytes);
  if (!found) return;
  if (!is_utf8(found->type) || !is_utf8(found->message) || !is_utf8(found->traceback)) std::abort();
  (void)model::is_communication_error(*found);
}
