#include "live/beacon.h"

#include <pthread.h>

namespace tcpwitness {

Beacon::Beacon() : thread_([this] { over_.wait(false); }) { pthread_setname_np(thread_.native_handle(), thread_name); }

Beacon::~Beacon() {
    over_ = true;
    over_.notify_all();
    thread_.join();
}

}  // namespace tcpwitness
