// The standard library's and fmt's headers that most files include, compiled once (CMakeLists.txt: precompiled header). It saves 0.4 to 0.8 s
// of each unit. Every file includes what it uses all the same: it must build without this one.
#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
