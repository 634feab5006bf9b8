#include "runner/gpu_program.h"

#include <signal.h>
#include <unistd.h>

#include <string_view>

#include "base/own_variables.h"
#include "process/output.h"

namespace muster::runner {
namespace {

constexpr std::size_t kLongestGpuLine = 4096;
constexpr std::chrono::milliseconds kEndTime{500};

}  // namespace

GpuProgram::GpuProgram(std::chrono::seconds every, const std::string& program) {
  auto pipe = process::make_output_pipe();
  if (!pipe) return;
  process::SpawnOptions options;
  options.command = {program, "--query-gpu=" + std::string(kGpuQuery), "--format=csv,noheader,nounits",
                     "--loop=" + std::to_string(every.count())};
  const auto own = own_variables();  // which hold the run's tokens: nobody else's
  options.variables["PATH"] = process::kUsualPath;
  for (const char* name : {"PATH", "LD_LIBRARY_PATH"}) {
    if (const auto variable = own.find(name); variable != own.end()) options.variables[name] = variable->second;
  }
  options.output = pipe->writing.get();
  auto child = process::spawn(options);
  if (!child) return;
  child_ = std::move(*child);
  reading_ = std::move(pipe->reading);
}

GpuProgram::~GpuProgram() {
  if (!child_) return;
  (void)child_->signal(SIGKILL);
  (void)child_->wait(kEndTime);
}

GpuReadings GpuProgram::take() {
  GpuReadings readings;
  if (!child_) return readings;
  char bytes[16384];
  for (ssize_t got = ::read(reading_.get(), bytes, sizeof bytes); got > 0; got = ::read(reading_.get(), bytes, sizeof bytes)) {
    for (const char c : std::string_view(bytes, static_cast<std::size_t>(got))) {
      if (c == '\n') {
        read_gpu_line(line_, readings);
        line_.clear();
      } else if (line_.size() < kLongestGpuLine) {
        line_ += c;
      }
    }
  }
  if (child_->poll()) child_.reset();
  return readings;
}

}  // namespace muster::runner
