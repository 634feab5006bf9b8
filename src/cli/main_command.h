#pragma once
// The program `muster`.

namespace muster::cli {

/// Parses, runs, and gives the exit code. Call once, from the main thread, before others exist.
int run_program(int argc, char** argv);

}  // namespace muster::cli
