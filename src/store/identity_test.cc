// Users and tokens: what is kept of them, and that somebody is left who can manage them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "store/compute_targets.h"
#include "store/sqlite/migrate.h"
#include "store/tokens.h"
#include "store/users.h"
#include "store/workspaces.h"
#include "support/test_store.h"

namespace muster::store {
namespace {

using test::TestStore;
using testing::ElementsAre;
using testing::HasSubstr;

model::Token token_of(const std::string& user, model::Role role) {
  model::Token token;
  token.user = user;
  token.role = role;
  token.created_at = 9;
  token.created_by = "ada";
  return token;
}

struct Identity : testing::Test {
  Identity() {
    owner = test.write([](Session& session) { return tokens::add_owner(session, "s3cret", "ada", "the first", 9); });
    test.write([](Session& session) { return users::create(session, "bob", "ada", 10); });
  }
  template <typename F>
  Error refused(F&& work) {
    const auto result = test.store().write(work);
    EXPECT_FALSE(result);
    return result ? Error{} : result.error();
  }
  TestStore test;
  model::Token owner;
};

TEST_F(Identity, TokensAreKnownByTheirHashAlone) {
  test.read([&](Session& session) {
    const auto found = tokens::find(session, "s3cret").value();
    EXPECT_EQ(found.user, "ada");
    EXPECT_EQ(found.role, model::Role::owner);
    EXPECT_EQ(found.purpose, "the first");
    EXPECT_EQ(found.workspace, std::nullopt);
    EXPECT_EQ(found.id, owner.id);
    EXPECT_EQ(found.id.size(), 12u);
    EXPECT_FALSE(tokens::find(session, "S3cret"));
    session.query("SELECT hash || id || purpose FROM tokens", {},
                  [](const Row& row) { EXPECT_THAT(row.text(0), testing::Not(HasSubstr("s3cret"))); });
  });
  EXPECT_EQ(refused([](Session& session) { return tokens::add(session, "s3cret", token_of("bob", model::Role::reader)); }).code,
            Code::conflict);
  EXPECT_EQ(refused([](Session& session) { return tokens::add(session, "x", token_of("eve", model::Role::reader)); }).code,
            Code::not_found);
  EXPECT_EQ(refused([](Session& session) {
              auto token = token_of("bob", model::Role::reader);
              token.workspace = "nowhere";
              return tokens::add(session, "x", token);
            }).code,
            Code::not_found);
}

TEST_F(Identity, WhatWasMadeBeforeAnybodyWasThereIsTheFirstUsers) {
  test.write([](Session& session) { return tokens::add_owner(session, "another", "eve", "", 11); });
  test.read([&](Session& session) {
    EXPECT_EQ(workspaces::find(session, "default")->created_by, "ada");
    EXPECT_EQ(compute_targets::find(session, test.workspace_key(), "local")->created_by, "ada");
  });
}

TEST_F(Identity, ATokenIsUsableUntilItExpiresAndAsLongAsItsUserIsEnabled) {
  test.write([](Session& session) {
    auto token = token_of("bob", model::Role::contributor);
    token.expires_at = 100;
    token.workspace = "default";
    return tokens::add(session, "bobs", token);
  });
  const auto found = [&] { return test.read([](Session& session) { return tokens::find(session, "bobs").value(); }); };
  EXPECT_TRUE(tokens::usable(found(), 99));
  EXPECT_FALSE(tokens::usable(found(), 100));
  EXPECT_EQ(found().workspace, "default");
  test.write([](Session& session) { return users::disable(session, "bob", 12); });
  EXPECT_FALSE(tokens::usable(found(), 99));
  EXPECT_EQ(test.read([](Session& session) { return users::find(session, "bob")->disabled_at; }), 12);
  test.write([](Session& session) { return users::enable(session, "bob"); });
  EXPECT_TRUE(tokens::usable(found(), 99));
  EXPECT_EQ(refused([](Session& session) { return users::enable(session, "eve"); }).code, Code::not_found);
}

TEST_F(Identity, TheLastOwnersLastTokenStays) {
  const auto revoke = [&](const std::string& id) {
    return test.store().write([&](Session& session) { return tokens::revoke(session, id); });
  };
  // None of these can manage users and tokens for ever.
  test.write([](Session& session) { return tokens::add(session, "c", token_of("bob", model::Role::contributor)); });
  test.write([](Session& session) {
    auto token = token_of("bob", model::Role::owner);
    token.expires_at = 100;
    return tokens::add(session, "e", token);
  });
  test.write([](Session& session) {
    auto token = token_of("bob", model::Role::owner);
    token.workspace = "default";
    return tokens::add(session, "w", token);
  });
  EXPECT_EQ(revoke(owner.id).error().code, Code::conflict);
  EXPECT_EQ(refused([](Session& session) { return users::disable(session, "ada", 12); }).code, Code::conflict);
  EXPECT_EQ(revoke("nothing").error().code, Code::not_found);

  const auto second = test.write([](Session& session) { return tokens::add(session, "o", token_of("bob", model::Role::owner)); });
  EXPECT_THAT(test.read([](Session& session) { return tokens::owners(session); }), ElementsAre("ada", "bob"));
  EXPECT_TRUE(revoke(owner.id));
  EXPECT_FALSE(test.read([](Session& session) { return tokens::find(session, "s3cret"); }));
  EXPECT_EQ(refused([](Session& session) { return users::disable(session, "bob", 12); }).code, Code::conflict);
  EXPECT_EQ(revoke(second.id).error().code, Code::conflict);
  // Whoever has the home is let in again.
  test.write([](Session& session) { return tokens::add_owner(session, "new", "ada", "", 13); });
  EXPECT_TRUE(revoke(second.id));
}

TEST_F(Identity, ListsAreNewestFirstAndSayWhenATokenWasUsed) {
  const auto second = test.write([](Session& session) { return tokens::add(session, "r", token_of("bob", model::Role::reader)); });
  test.write([&](Session& session) { tokens::note_use(session, {{second.key, 50}}); });
  test.read([&](Session& session) {
    const auto page = test::must(tokens::list(session, {"", 1}));
    EXPECT_EQ(page.items.at(0).id, second.id);
    EXPECT_EQ(page.items.at(0).last_used_at, 50);
    EXPECT_EQ(test::must(tokens::list(session, {*page.next, 1})).items.at(0).id, owner.id);
    EXPECT_EQ(test::must(users::list(session, {"", 1})).items.at(0).name, "bob");
  });
}

TEST(IdentityMigration, TheTokensThatThereWereAreTheirOwners) {
  const test::TempFolder folder;
  const std::filesystem::path file = folder / "muster.db";
  {
    Connection connection(file, Access::read_write);
    std::vector<Migration> before = migrations();
    std::erase_if(before, [](const Migration& one) { return one.name >= "0009"; });
    ASSERT_TRUE(migrate(connection, before));
    int created_at = 5;
    for (const auto& [secret, name] : std::vector<std::pair<std::string, std::string>>{{"secret", "ada"}, {"more", "ada"}, {"bobs", "bob"}})
      connection.run("INSERT INTO tokens (hash, name, created_at) VALUES (?, ?, ?)", {sha256_hex(secret), name, created_at++});
  }
  const auto store = test::must(open_sqlite_store(file));
  test::must(store->read([](Session& session) -> Result<void> {
    const auto token = tokens::find(session, "secret").value();
    EXPECT_EQ(token.user, "ada");
    EXPECT_EQ(token.role, model::Role::owner);
    EXPECT_EQ(token.id, "2bb80d537b1d");
    EXPECT_EQ(users::find(session, "ada")->created_at, 5);
    EXPECT_THAT(tokens::owners(session), ElementsAre("ada", "bob"));
    return {};
  }));
}

}  // namespace
}  // namespace muster::store
