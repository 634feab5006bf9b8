#pragma once
// One program fuzzes every reader of outside bytes: MUSTER_FUZZ_TARGET names the one. A target ends in abort() where what it promises is
// not so.

#include <string_view>

namespace muster::fuzz {

// Defined in files of their own beside this one.
void archive(std::string_view bytes);
void exception(std::string_view bytes);
void git_url(std::string_view bytes);
void http_head(std::string_view bytes);
void http_target(std::string_view bytes);
void ignore_file(std::string_view bytes);
void journal(std::string_view bytes);
void json(std::string_view bytes);
void query(std::string_view bytes);
void rank_record(std::string_view bytes);
void resources(std::string_view bytes);
void server_events(std::string_view bytes);
void snapshot_manifest(std::string_view bytes);
void url(std::string_view bytes);

}  // namespace muster::fuzz
