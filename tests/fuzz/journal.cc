// A metric journal comes from a process that may be damaged or hostile: whatever the bytes, the walker must come to an end and stay inside
// them, and what it gives must survive being written and read again.

#include <cstdlib>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "fuzz.h"
#include "model/journal.h"

using muster::model::JournalWalker;

namespace {

std::size_t walk(std::string_view bytes, std::size_t offset, muster::model::JournalWriter& writer) {
  JournalWalker walker(offset);
  muster::model::NamedPoint point;
  std::size_t points = 0;
  for (auto found = walker.next(bytes, point); found && (*found == JournalWalker::Found::point || *found == JournalWalker::Found::left_out);
       found = walker.next(bytes, point), ++points) {
    if (*found == JournalWalker::Found::left_out) {
      writer.leave_out();
      continue;
    }
    if (point.name.empty() || !muster::is_utf8(point.name)) std::abort();
    (void)muster::model::to_json(point.point.value);
    writer.add(point.name, point.point);
  }
  return points;
}

}  // namespace

void muster::fuzz::journal(std::string_view bytes) {
  (void)model::read_journal_header(bytes);
  model::JournalWriter first;
  model::JournalWriter second;
  const std::size_t points = walk(bytes, 0, first);
  if (walk(first.bytes(), 0, second) != points || first.bytes() != second.bytes()) std::abort();
}
