#include "cli/main_command.h"

int main(int argc, char** argv) { return muster::cli::run_program(argc, argv); }
