#include "app/commands.hpp"
#include "io/library_threads.hpp"

int main(int argc, char** argv) {
  const iometer::io::LibraryThreads wait_at_the_end;
  return iometer::app::run_program(argc, argv);
}
