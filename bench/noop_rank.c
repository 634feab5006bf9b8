/* A rank that does nothing, and what is compared with: N of it by bare fork and exec.

     noop_rank SCRIPT FILE [die]      say a line, then append the time (ns since 1970) to FILE; `die`: rank 0 does so 0.3 s later and kills itself, the others wait
     noop_rank launch N SCRIPT FILE   the time, then N times the first form; ends when all have */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int rank(const char* path, int dies) {
  char line[32];
  const char* number = getenv("RANK");
  if (dies && number != NULL && strcmp(number, "0") != 0) return pause();
  if (dies) usleep(300000); /* until all others run */
  if (write(1, "ready\n", 6) != 6) return 1;
  const int file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
  const int size = snprintf(line, sizeof line, "%lld\n", now());
  if (file < 0 || write(file, line, (size_t)size) != size) return 1;
  return dies ? raise(SIGKILL) : 0;
}

static int launch(char** arguments) {
  char* program = arguments[0];
  const int count = atoi(arguments[2]);
  char* command[] = {program, arguments[3], arguments[4], NULL};
  printf("%lld\n", now());
  fflush(stdout);
  for (int i = 0; i < count; ++i) {
    const pid_t child = fork();
    if (child < 0) return 1;
    if (child == 0) {
      if (freopen("/dev/null", "w", stdout) == NULL) _exit(1);
      execv(program, command);
      _exit(127);
    }
  }
  while (wait(NULL) > 0) {
  }
  return 0;
}

int main(int count, char** arguments) {
  if (count == 5 && strcmp(arguments[1], "launch") == 0) return launch(arguments);
  if (count == 3 || count == 4) return rank(arguments[2], count == 4);
  return 2; /* asked for its packages, as an interpreter would be */
}
