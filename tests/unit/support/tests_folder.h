#pragma once

#include <string>

/// The folder `tests` of the source tree. One unit knows its path, so that the others compile to the same wherever the tree stands.
std::string tests_folder();
