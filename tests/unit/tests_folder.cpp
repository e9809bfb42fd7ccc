#include "support/tests_folder.h"

std::string tests_folder() { return TESTS_FOLDER; }
