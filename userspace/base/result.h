// Recoverable errors are values; exceptions only end the run.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace tcpwitness {

/// What went wrong, where, and what to do about it: one line, no trailing newline.
struct Error {
    std::string message;
};

/// A value or an Error. `T` must not be Error.
template <typename T>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }

    T& operator*() { return std::get<0>(state_); }
    const T& operator*() const { return std::get<0>(state_); }
    T* operator->() { return &std::get<0>(state_); }
    const T* operator->() const { return &std::get<0>(state_); }

    const Error& error() const { return std::get<1>(state_); }

    /// The error with `context` put before it ("reading x.pcapng: ...").
    Error context(const std::string& context) const { return Error{context + ": " + error().message}; }

private:
    std::variant<T, Error> state_;
};

/// For functions that return nothing: Status{} is success.
struct Done {};
using Status = Result<Done>;
inline Status success() { return Done{}; }

}  // namespace tcpwitness
