"""Signing in and out, and what comes between a page and its server."""

import pytest

from muster_program import is_alive
from waiting import SLOWER


@pytest.fixture
def stranger(world, browser):
    """A tab that nobody has signed in."""
    context = browser.new_context()
    context.set_default_timeout(15_000 * SLOWER)
    yield context.new_page()
    context.close()


def test_a_token_signs_in_and_out(world, stranger, axe):
    stranger.goto(world.url + "/workspaces/default/runs")
    axe(stranger)
    stranger.get_by_label("Or sign in with a token").fill("mu_wrong")
    stranger.get_by_role("button", name="Sign in").click()
    stranger.get_by_role("alert").get_by_text("the token is not known").wait_for()
    stranger.get_by_label("Or sign in with a token").fill(world.rest.token)
    stranger.get_by_role("button", name="Sign in").click()
    stranger.get_by_role("table").wait_for()
    [cookie] = stranger.context.cookies()
    assert cookie["httpOnly"] and cookie["sameSite"] == "Strict"
    stranger.get_by_role("button", name="Sign out").click()
    stranger.get_by_label("Or sign in with a token").wait_for()
    assert stranger.context.cookies() == []


def test_a_link_signs_in_once_and_leads_to_the_run(world, stranger, browser):
    shown = world.muster.json("ui", world.runs["failed"])
    assert "Web View      %s\n" % shown["url"] in world.muster("run", "show", world.runs["failed"]).stdout
    stranger.goto(shown["link"])
    stranger.get_by_role("region", name="Why it failed").wait_for()
    assert stranger.url == shown["url"], "the secret does not stay in the address"
    other = browser.new_context()
    try:
        tab = other.new_page()
        tab.goto(shown["link"])
        tab.get_by_role("alert").get_by_text("the link has been used").wait_for()
    finally:
        other.close()


def test_a_session_that_ended_is_asked_for_and_the_page_is_the_same(world, stranger):
    stranger.goto(world.muster.json("ui", world.runs["live"])["link"])
    stranger.get_by_role("heading", name="Configuration").wait_for()
    stranger.context.clear_cookies()
    stranger.get_by_label("Or sign in with a token").wait_for()
    stranger.get_by_label("Or sign in with a token").fill(world.rest.token)
    stranger.get_by_role("button", name="Sign in").click()
    stranger.get_by_role("heading", name="Configuration").wait_for()


def test_a_reader_sees_no_buttons_that_change_things(world, stranger):
    _, token = world.rest("POST", "/tokens", {"role": "reader"})
    stranger.goto(world.url + "/workspaces/default/runs/" + world.runs["done"])
    stranger.get_by_label("Or sign in with a token").fill(token["secret"])
    stranger.get_by_role("button", name="Sign in").click()
    stranger.get_by_role("heading", name="Configuration").wait_for()
    assert stranger.get_by_role("button", name="Tag").count() == 0


def test_a_run_that_is_not_there(show, page):
    show("runs", "none")
    page.get_by_text("there is no run").wait_for()
    page.get_by_role("link", name="All runs").wait_for()


def test_a_server_that_is_away_and_comes_back(show, world, page):
    show("runs")
    page.get_by_role("table").wait_for()
    world.muster("down")
    page.get_by_role("alert").get_by_text("has not answered").wait_for()
    assert page.get_by_role("row").count() > 1, "what was there stays"
    world.muster("up")
    page.get_by_role("alert").wait_for(state="detached")
    assert is_alive(world.muster.server()["pid"])
    assert page.get_by_role("row").count() > 1
