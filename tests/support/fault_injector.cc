// Runs a program and lets one of its system calls below a folder fail: the n-th of those that the chosen part of Muster makes, in order,
// over all of its processes and threads. The kernel asks us about each call (seccomp's user notification) and goes on with it, or answers
// the error.
//
//   fault_injector --below HOME --role serve|runner --nth N [--times K] [--only NAME,…] --errno EIO|EROFS|EMFILE|ENOSPC --report FILE
//                  -- COMMAND…
//
// --only: of calls with these names alone. N of 0 only counts. FILE ends with `calls COUNT`; before it a line for each call that failed.
// Ends with the command's exit code, when all processes below it have ended. An error that a call never gives (EMFILE of a write) becomes
// EIO.

#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace {

/// Where a call says what it works on: the number of the argument that is a descriptor or a path (whose descriptor is the one before).
struct Call {
  const char* name;
  int fd = -1;
  int folder = -1;  ///< the descriptor that a relative path begins at; -1: the current folder
  int path = -1;
  bool changes = true;
};

const std::map<int, Call>& calls() {
  static const std::map<int, Call> all{
      {SYS_read, {"read", 0, -1, -1, false}},
      {SYS_pread64, {"pread64", 0, -1, -1, false}},
      {SYS_write, {"write", 0}},
      {SYS_writev, {"writev", 0}},
      {SYS_pwrite64, {"pwrite64", 0}},
      {SYS_pwritev, {"pwritev", 0}},
      {SYS_ftruncate, {"ftruncate", 0}},
      {SYS_fallocate, {"fallocate", 0}},
      {SYS_fsync, {"fsync", 0}},
      {SYS_fdatasync, {"fdatasync", 0}},
      {SYS_syncfs, {"syncfs", 0}},
      {SYS_getdents64, {"getdents64", 0, -1, -1, false}},
      {SYS_openat, {"openat", -1, 0, 1}},
      {SYS_mkdirat, {"mkdirat", -1, 0, 1}},
      {SYS_unlinkat, {"unlinkat", -1, 0, 1}},
      {SYS_renameat, {"renameat", -1, 2, 3}},
      {SYS_renameat2, {"renameat2", -1, 2, 3}},
      {SYS_linkat, {"linkat", -1, 2, 3}},
#ifdef SYS_open
      {SYS_open, {"open", -1, -1, 0}},
      {SYS_mkdir, {"mkdir", -1, -1, 0}},
      {SYS_unlink, {"unlink", -1, -1, 0}},
      {SYS_rmdir, {"rmdir", -1, -1, 0}},
      {SYS_rename, {"rename", -1, -1, 1}},
      {SYS_link, {"link", -1, -1, 1}},
#endif
  };
  return all;
}

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "fault_injector: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(125);
}

struct Options {
  std::string below;
  std::string role;
  std::string report;
  std::string only;  ///< ",fsync,fdatasync,"; "" for all
  long nth = 0;
  long times = 1;
  int error = EIO;
  char** command = nullptr;
};

Options read_options(int argc, char** argv) {
  const std::map<std::string, int> errors{{"EIO", EIO}, {"EROFS", EROFS}, {"EMFILE", EMFILE}, {"ENOSPC", ENOSPC}};
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const std::string value = argv[i + 1];
    if (name == "--") {
      options.command = argv + i + 1;
      return options;
    }
    if (name == "--below") options.below = value;
    if (name == "--role") options.role = value;
    if (name == "--report") options.report = value;
    if (name == "--only") options.only = "," + value + ",";
    if (name == "--nth") options.nth = std::atol(value.c_str());
    if (name == "--times") options.times = std::atol(value.c_str());
    if (name == "--errno") options.error = errors.at(value);
  }
  errno = EINVAL;
  die("options");
}

/// In the child: asks the kernel to ask us about those calls; returns the descriptor by which it does.
int install_filter() {
  std::vector<sock_filter> code;
  code.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  for (const auto& [number, call] : calls()) {
    code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1));
    code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF));
  }
  code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) die("no_new_privs");
  const long listener = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
  if (listener < 0) die("seccomp");
  return static_cast<int>(listener);
}

/// Taken out of the child, who could not send it: a write is asked about once the filter holds, and nobody answers yet.
int take_listener(pid_t child, int at) {
  const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
  if (pidfd < 0) die("pidfd_open");
  const int listener = static_cast<int>(::syscall(SYS_pidfd_getfd, pidfd, at, 0));
  ::close(pidfd);
  return listener;
}

std::string read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string link_of(const std::string& path) {
  std::array<char, PATH_MAX> text{};
  const ssize_t size = ::readlink(path.c_str(), text.data(), text.size());
  return size < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(size));
}

std::string text_at(pid_t pid, std::uint64_t address) {
  std::string text;
  std::array<char, 256> part{};
  while (text.size() < PATH_MAX) {
    // Never across a page that is not there.
    const std::size_t size = std::min<std::size_t>(part.size(), 4096 - address % 4096);
    iovec here{part.data(), size};
    iovec there{reinterpret_cast<void*>(address), size};  // NOLINT: an address of another process
    const ssize_t got = ::process_vm_readv(pid, &here, 1, &there, 1, 0);
    if (got <= 0) return "";
    const std::size_t length = ::strnlen(part.data(), static_cast<std::size_t>(got));
    text.append(part.data(), length);
    if (length < static_cast<std::size_t>(got)) return text;
    address += static_cast<std::uint64_t>(got);
  }
  return text;
}

class Supervisor {
 public:
  Supervisor(const Options& options, int listener) : options_(options), listener_(listener), report_(options.report) {}

  /// False: nobody is left who could ask.
  bool answer_one(int timeout) {
    pollfd wanted{listener_, POLLIN, 0};
    const int ready = ::poll(&wanted, 1, timeout);
    if (ready <= 0) return true;
    if ((wanted.revents & POLLIN) == 0) return false;
    seccomp_notif asked{};
    if (::ioctl(listener_, SECCOMP_IOCTL_NOTIF_RECV, &asked) != 0) return errno == EINTR || errno == ENOENT;
    seccomp_notif_resp answer{};
    answer.id = asked.id;
    if (const int error = error_for(asked); error != 0)
      answer.error = -error;
    else
      answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    (void)::ioctl(listener_, SECCOMP_IOCTL_NOTIF_SEND, &answer);  // the asker may have been killed meanwhile
    return true;
  }

  void finish() { report_ << "calls " << count_ << std::endl; }

 private:
  int error_for(const seccomp_notif& asked) {
    const auto pid = static_cast<pid_t>(asked.pid);
    const Call& call = calls().at(asked.data.nr);
    if (!options_.only.empty() && options_.only.find("," + std::string(call.name) + ",") == std::string::npos) return 0;
    const std::string what = subject(pid, call, asked.data);
    if (!is_below(what) || !is_meant(pid)) return 0;
    const long number = ++count_;
    if (options_.nth == 0 || number < options_.nth || number >= options_.nth + options_.times) return 0;
    const int error = possible(call, asked.data);
    report_ << number << " " << call.name << " " << what << " " << ::strerrorname_np(error) << std::endl;
    return error;
  }

  static std::string subject(pid_t pid, const Call& call, const seccomp_data& data) {
    const std::string process = "/proc/" + std::to_string(pid);
    if (call.fd >= 0) return link_of(process + "/fd/" + std::to_string(static_cast<int>(data.args[call.fd])));
    const std::string path = text_at(pid, data.args[call.path]);
    if (path.empty() || path.front() == '/') return path;
    const int folder = call.folder < 0 ? AT_FDCWD : static_cast<int>(data.args[call.folder]);
    return link_of(process + (folder == AT_FDCWD ? "/cwd" : "/fd/" + std::to_string(folder))) + "/" + path;
  }

  bool is_below(const std::string& path) const { return path.size() > options_.below.size() && path.starts_with(options_.below + "/"); }

  /// `muster serve` or `muster runner`: the second word of the command line.
  bool is_meant(pid_t pid) const {
    const std::string line = read_all("/proc/" + std::to_string(pid) + "/cmdline");
    const std::size_t end = line.find('\0');
    return end != std::string::npos && line.compare(end + 1, options_.role.size() + 1, std::string(options_.role).append(1, '\0')) == 0;
  }

  int possible(const Call& call, const seccomp_data& data) const {
    const std::string name = call.name;
    const bool opens = name == "openat" || name == "open";
    const auto flags = static_cast<int>(data.args[name == "openat" ? 2 : 1]);
    const bool creates = opens ? (flags & O_CREAT) != 0 : call.changes;
    const bool writes = opens ? creates || (flags & O_ACCMODE) != O_RDONLY : call.changes;
    switch (options_.error) {
      case EMFILE: return opens ? EMFILE : EIO;
      case EROFS: return writes && call.fd < 0 ? EROFS : EIO;
      case ENOSPC: return creates ? ENOSPC : EIO;
      default: return EIO;
    }
  }

  const Options& options_;
  int listener_;
  std::ofstream report_;
  long count_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const Options options = read_options(argc, argv);
  constexpr int kListenerAt = 200;
  const pid_t child = ::fork();
  if (child < 0) die("fork");
  if (child == 0) {
    const int listener = install_filter();
    // dup2, close_range, pause and execve are not among the calls that are asked about.
    if (::dup2(listener, kListenerAt) < 0) ::_exit(125);
    ::raise(SIGSTOP);  // until the parent has the listener
    ::close(listener);
    ::close(kListenerAt);
    ::execvp(options.command[0], options.command);
    ::_exit(127);
  }
  int status = 0;
  if (::waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status)) die("the command");
  const int listener = take_listener(child, kListenerAt);
  if (listener < 0) die("take the listener");
  ::signal(SIGTERM, SIG_IGN);
  ::signal(SIGINT, SIG_IGN);
  Supervisor supervisor(options, listener);
  ::kill(child, SIGCONT);
  int code = -1;
  while (supervisor.answer_one(100)) {
    if (code < 0 && ::waitpid(child, &status, WNOHANG) == child) code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  if (code < 0 && ::waitpid(child, &status, 0) == child) code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  supervisor.finish();
  return code;
}
