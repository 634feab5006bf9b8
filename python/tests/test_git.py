"""What is recorded of the repository that a source folder lies in."""
import os
import subprocess
import time
import unittest

from support import Case, golden

from muster._snapshots import git as _git


class GitGoldenTest(Case):
    def test_vectors(self):
        vectors = dict(golden("git"))
        self.assertGreater(len(vectors["urls"]["cases"]), 20)
        for case in vectors["urls"]["cases"]:
            with self.subTest(case["url"]):
                self.assertEqual(_git.without_credentials(case["url"]), case["recorded"])
        self.assertGreater(len(vectors["properties"]["cases"]), 8)
        for case in vectors["properties"]["cases"]:
            with self.subTest(case["name"]):
                self.assertEqual(_git.properties(case["answers"]), case["properties"])


class GitTest(Case):
    def setUp(self):
        super().setUp()
        # Not what the tester has set for all repositories.
        os.environ.update(HOME=self.folder, GIT_CONFIG_NOSYSTEM="1")

    def git(self, *arguments):
        subprocess.check_call(("git", "-C", self.work, "-c", "user.name=a", "-c", "user.email=a@b") + arguments,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def repository(self):
        self.git("init", "-q")
        self.git("symbolic-ref", "HEAD", "refs/heads/main")

    def commit(self):
        self.write("train.py", "1")
        self.git("add", ".")
        self.git("commit", "-q", "-m", "first")

    def ask(self, folder=None):
        return _git.ask(folder or self.work)

    def recorded(self, folder=None):
        return _git.Inquiry(folder or self.work).properties()

    def fake_git(self, script):
        """What runs as `git` from now on; gives the PATH before."""
        folder = os.path.join(self.folder, "bin")
        os.mkdir(folder)
        with open(os.path.join(folder, "git"), "w") as file:
            file.write(script)
        os.chmod(file.name, 0o700)
        os.environ["PATH"] = folder + os.pathsep + os.environ["PATH"]

    def test_commit_branch_remote_and_changes(self):
        self.repository()
        self.commit()
        self.git("remote", "add", "origin", "https://host/x.git")
        answers = self.ask()
        self.assertRegex(answers.pop("commit"), "^[0-9a-f]{40}$")
        self.assertEqual(answers, {"branch": "main", "address": "https://host/x.git", "changed": False})
        self.write("train.py", "2")
        self.assertTrue(self.ask()["changed"])
        self.git("checkout", "-q", ".")
        self.write("new.py")  # A file that git does not know travels with the run.
        self.assertTrue(self.ask()["changed"])
        self.write("part/.keep")
        self.git("add", "part")
        self.git("commit", "-q", "-m", "part")
        self.assertIs(self.ask(os.path.join(self.work, "part"))["changed"], False)  # What lies beside the folder does not.

    def test_before_the_first_commit(self):
        self.repository()
        self.assertEqual(self.recorded(), {"azureml.git.branch": "main", "mlflow.source.git.branch": "main", "azureml.git.dirty": "False"})

    def test_a_detached_head_has_no_branch(self):
        self.repository()
        self.commit()
        self.git("checkout", "-q", "--detach")
        answers = self.ask()
        self.assertTrue(answers["commit"])
        self.assertIsNone(answers["branch"])

    def test_the_environment_does_not_send_us_elsewhere(self):
        self.repository()
        os.environ["GIT_DIR"] = os.path.join(self.folder, "elsewhere")
        self.assertEqual(self.ask()["branch"], "main")

    def test_no_work_tree(self):
        self.assertEqual(self.recorded(), {})
        self.assertEqual(self.recorded(os.path.join(self.work, "gone")), {})
        self.git("init", "-q", "--bare", ".")
        self.assertEqual(self.recorded(), {})

    def test_a_broken_repository(self):
        self.repository()
        os.remove(os.path.join(self.work, ".git", "HEAD"))
        self.assertEqual(self.recorded(), {})

    def test_no_git(self):
        self.repository()
        os.environ["PATH"] = os.path.join(self.folder, "empty")
        self.assertEqual(self.recorded(), {})

    def test_a_git_that_hangs(self):
        pid_file = os.path.join(self.folder, "pid")
        self.fake_git("#!/bin/sh\nsleep 600 &\necho $! > '%s'\nwait\n" % pid_file)
        began = time.monotonic()
        self.assertEqual(self.recorded(), {})
        self.assertLess(time.monotonic() - began, 20)
        with open(pid_file) as file:
            pid = int(file.read())
        # What git had started goes with it.
        while is_alive(pid):
            self.assertLess(time.monotonic() - began, 40)
            os.sched_yield()

    def test_a_tree_too_large_for_git_status(self):
        self.repository()
        self.fake_git("#!/bin/sh\ncase \"$*\" in *status*) exec sleep 600;; esac\nPATH='%s' exec git \"$@\"\n" % os.environ["PATH"])
        answers = self.ask()
        self.assertEqual((answers["branch"], answers["changed"]), ("main", None))


def is_alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


if __name__ == "__main__":
    unittest.main()
