#include "process/child_code.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace muster::process {
namespace {

constexpr int kGate = 3;
constexpr int kReport = 4;
constexpr int kFirstOther = 5;

[[noreturn]] void give_up(int report, SpawnStep step) {
  const SpawnReport message{step, errno};
  [[maybe_unused]] const ssize_t written = write(report, &message, sizeof message);
  _exit(127);
}

/// Copies a descriptor out of the way of those that are about to be fixed; -1 stays -1.
int out_of_the_way(int fd, int report) {
  if (fd < 0) return -1;
  const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 16);
  if (copy < 0) give_up(report, SpawnStep::descriptors);
  return copy;
}

void close_from(int first) {
  if (syscall(SYS_close_range, first, ~0U, 0) == 0) return;
  for (int fd = first; fd < 65536; ++fd) close(fd);  // before Linux 5.9
}

/// 0 in, 1 and 2 out, the gate and the report pipe beside them, all else closed. Closed before the gate is waited at: a copy of the gate's
/// own writing end would keep its end of file from coming.
void arrange_descriptors(const ChildPlan& plan) {
  const int report = out_of_the_way(plan.report, plan.report);
  const int gate = out_of_the_way(plan.gate, report);
  int input = out_of_the_way(plan.input, report);
  int output = out_of_the_way(plan.output, report);
  if (input < 0) input = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (output < 0) output = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (input < 0 || output < 0) give_up(report, SpawnStep::descriptors);
  if (input < kFirstOther) input = out_of_the_way(input, report);
  if (output < kFirstOther) output = out_of_the_way(output, report);
  if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0) give_up(report, SpawnStep::descriptors);
  if (gate >= 0 && dup3(gate, kGate, O_CLOEXEC) < 0) give_up(report, SpawnStep::descriptors);
  if (gate < 0) close(kGate);
  if (dup3(report, kReport, O_CLOEXEC) < 0) give_up(report, SpawnStep::descriptors);
  close_from(kFirstOther);
}

void enter_cgroups(const char* const* procs_files) {
  for (; *procs_files != nullptr; ++procs_files) {
    const int fd = open(*procs_files, O_WRONLY | O_CLOEXEC);
    if (fd < 0) continue;
    [[maybe_unused]] const ssize_t written = write(fd, "0", 1);
    close(fd);
  }
}

void reset_signals() {
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) sigaction(signal, &standard, nullptr);  // those that can't be set refuse
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

void wait_at_gate() {
  const SpawnReport here{SpawnStep::at_gate, 0};
  [[maybe_unused]] const ssize_t written = write(kReport, &here, sizeof here);
  char byte = 0;
  ssize_t got = -1;
  do {
    got = read(kGate, &byte, 1);
  } while (got < 0 && errno == EINTR);
  if (got != 1) _exit(125);
  close(kGate);
}

}  // namespace

void run_child(const ChildPlan& plan) {
  // Should our parent be killed before we are in the cgroup and carry the group's variables, nobody could find us.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != plan.parent) _exit(125);
  if (setsid() < 0) give_up(plan.report, SpawnStep::session);
  enter_cgroups(plan.procs_files);
  arrange_descriptors(plan);
  if (plan.folder != nullptr && chdir(plan.folder) != 0) give_up(kReport, SpawnStep::folder);
  if (plan.cpu_set != nullptr && sched_setaffinity(0, sizeof(cpu_set_t), static_cast<const cpu_set_t*>(plan.cpu_set)) != 0) {
    give_up(kReport, SpawnStep::cpus);
  }
  if (plan.file_limit != nullptr) setrlimit(RLIMIT_NOFILE, static_cast<const rlimit*>(plan.file_limit));
  reset_signals();
  if (plan.gate >= 0) wait_at_gate();
  prctl(PR_SET_PDEATHSIG, 0);
  execve(plan.program, plan.argv, plan.envp);
  give_up(kReport, SpawnStep::exec);
}

}  // namespace muster::process
