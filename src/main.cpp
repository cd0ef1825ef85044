#include "app/commands.hpp"

int main(int argc, char** argv) { return iometer::app::run_program(argc, argv); }
