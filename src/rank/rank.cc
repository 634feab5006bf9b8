#include "rank/rank.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/own_variables.h"
#include "launch/expand_variables.h"
#include "rank/rank_record.h"

namespace muster::rank {
namespace {

constexpr int kGivenUp = 125;  ///< our own failure, before there was a rank

/// mpirun ends its ranks by SIGCONT, SIGTERM and SIGKILL to this process, and by nothing that reaches the rank, which has a session of its
/// own. It is the runner that ends ranks, with a grace period; so all of these are kept from the rank, and the first of them is noted.
volatile sig_atomic_t abort_noted = 0;
char abort_file[4096];

void note_abort(int) {
  if (abort_noted != 0) return;
  abort_noted = 1;
  const int kept = errno;
  ::close(::open(abort_file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  errno = kept;
}

constexpr int kKept[] = {SIGCONT, SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};

void keep_from_rank() {
  for (const int signal : kKept) {
    struct sigaction action {};
    action.sa_handler = signal == SIGCONT || signal == SIGTERM ? note_abort : SIG_IGN;
    action.sa_flags = SA_RESTART;
    ::sigaction(signal, &action, nullptr);
  }
}

std::int64_t now_us() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000 + time.tv_nsec / 1000;
}

int number(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? 0 : std::atoi(text);
}

[[noreturn]] void give_up(const char* what, const std::string& name) {
  std::fprintf(stderr, "muster-rank: %s %s: %s\n", what, name.c_str(), std::strerror(errno));
  std::exit(kGivenUp);
}

std::string file_of(const std::string& folder, int rank, std::string_view kind) {
  return folder + "/" + std::to_string(rank) + std::string(kind);
}

/// Appears whole: the runner must never read half a record.
void write_record(const std::string& folder, std::string_view kind, const RankRecord& record) {
  const std::string target = file_of(folder, record.rank, kind);
  const std::string temporary = target + ".tmp";
  const std::string line = to_line(record);
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0 || ::write(file, line.data(), line.size()) != static_cast<ssize_t>(line.size())) give_up("write", temporary);
  ::close(file);
  if (::rename(temporary.c_str(), target.c_str()) != 0) give_up("rename to", target);
}

/// Until it ends, as it ends. `argv`: null-terminated.
int run_wrapped(RankRecord record, const char* folder, const std::string& log_name, char** argv) {
  const char* run_folder = std::getenv("MUSTER_RUN_DIR");
  if (::chdir(run_folder) != 0) give_up("enter", run_folder);
  const std::string log = std::string(folder) + "/" + log_name;
  const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (output < 0) give_up("open", log);
  const std::string abort_path = file_of(folder, record.rank, kAborted);
  if (abort_path.size() >= sizeof abort_file) give_up("the name is too long:", abort_path);
  std::strcpy(abort_file, abort_path.c_str());

  keep_from_rank();
  // Whoever closes the folder looks for processes afterwards: we are one of them by now, or find it closed.
  if (::access((std::string(folder) + "/" + std::string(kClosed)).c_str(), F_OK) == 0) return kGivenUp;
  record.started_at = now_us();
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) give_up("fork for", argv[0]);
  if (child == 0) {
    // Should this wrapper be killed, its rank goes with it (single-threaded parent, so the signal means the process).
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(kGivenUp);
    for (const int signal : kKept) ::signal(signal, SIG_DFL);
    ::setsid();
    ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    ::execvp(argv[0], argv);
    std::fprintf(stderr, "muster-rank: start %s: %s\n", argv[0], std::strerror(errno));
    ::_exit(127);
  }
  record.pid = child;
  write_record(folder, kStarted, record);

  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  record.ended_at = now_us();
  if (WIFSIGNALED(status))
    record.signal = WTERMSIG(status);
  else
    record.exit_code = WEXITSTATUS(status);
  write_record(folder, kEnded, record);
  if (record.signal == 0) return record.exit_code;
  const rlimit no_core{0, 0};  // the rank has left its own
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::signal(record.signal, SIG_DFL);
  ::raise(record.signal);
  return 128 + record.signal;
}

}  // namespace

int run_rank(char** command) {
  const char* folder = std::getenv("MUSTER_RANK_FOLDER");
  if (folder == nullptr || std::getenv("MUSTER_RUN_DIR") == nullptr || std::getenv("OMPI_COMM_WORLD_RANK") == nullptr) {
    std::fputs("muster-rank: MUSTER_RANK_FOLDER, MUSTER_RUN_DIR and OMPI_COMM_WORLD_RANK are needed\n", stderr);
    return kGivenUp;
  }
  RankRecord record;
  record.rank = number("OMPI_COMM_WORLD_RANK");
  record.local_rank = number("OMPI_COMM_WORLD_LOCAL_RANK");
  ::setenv("MUSTER_RANK", std::to_string(record.rank).c_str(), 1);

  std::vector<std::string> words;
  const auto known = own_variables();
  for (char** word = command; *word != nullptr; ++word) words.push_back(launch::expand_variables(*word, known));
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  return run_wrapped(record, folder, "70_driver_log_rank_" + std::to_string(record.rank) + ".txt", argv.data());
}

int run_contained_rank(char** command) {
  const char* folder = std::getenv("MUSTER_RANK_FOLDER");
  const char* log = std::getenv("MUSTER_RANK_LOG");
  if (folder == nullptr || log == nullptr || std::getenv("MUSTER_RUN_DIR") == nullptr || std::getenv("MUSTER_RANK") == nullptr) {
    std::fputs("muster-rank: MUSTER_RANK_FOLDER, MUSTER_RANK_LOG, MUSTER_RUN_DIR and MUSTER_RANK are needed\n", stderr);
    return kGivenUp;
  }
  RankRecord record;
  record.rank = number("MUSTER_RANK");
  record.local_rank = number("LOCAL_RANK");
  return run_wrapped(record, folder, log, command);
}

}  // namespace muster::rank
