#pragma once
// Bearer tokens of people and programs. Only their SHA-256 is kept: they are long and random, so that a plain hash tells nothing.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/identity.h"
#include "store/page.h"
#include "store/session.h"

namespace muster::store::tokens {

/// Remembers `secret` for token.user with all that `token` says but key and id, which are filled in. conflict when it is known already;
/// not_found when there is no such user or workspace.
Result<model::Token> add(Session& session, std::string_view secret, model::Token token);

/// The server's own account: a user of that name, who is made and enabled as needed, gets an owner's token for everything. What was made
/// before there was any user (the workspace `default`) becomes the first one's.
Result<model::Token> add_owner(Session& session, std::string_view secret, std::string_view user, std::string_view purpose, TimeUs now);

/// Also when it has expired, or its user is disabled: the caller looks (usable).
std::optional<model::Token> find(Session& session, std::string_view secret);
std::optional<model::Token> find_by_key(Session& session, std::int64_t key);
bool usable(const model::Token& token, TimeUs now);

/// Newest first.
Result<Page<model::Token>> list(Session& session, const PageRequest& request);
/// What it was. not_found; conflict for the last owner's last token (has_owner).
Result<model::Token> revoke(Session& session, std::string_view id);

/// Whether somebody can manage users and tokens for ever: a token with the role owner, for all workspaces, that does not expire, of an
/// enabled user. Leaves out the token and the user of these names ("": none).
bool has_owner(Session& session, std::string_view but_token, std::string_view but_user);
/// The names of those users, the first few.
std::vector<std::string> owners(Session& session);

/// Notes when tokens, by their keys, were last used.
void note_use(Session& session, const std::map<std::int64_t, TimeUs>& used);

}  // namespace muster::store::tokens
