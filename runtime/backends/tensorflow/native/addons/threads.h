// The threads that kernels share, as many as TensorFlow was given.

#ifndef MEDCTC_KERNELS_THREADS_H_
#define MEDCTC_KERNELS_THREADS_H_

#include <sched.h>
#include <stdint.h>
#include <stdlib.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace medctc {

inline int ThreadsHere() {
  const char* asked = getenv("TF_NUM_INTRAOP_THREADS");
  const int number = asked == nullptr ? 0 : atoi(asked);
  if (number > 0) return number;
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) return CPU_COUNT(&allowed);
  const unsigned here = std::thread::hardware_concurrency();
  return here == 0 ? 1 : static_cast<int>(here);
}

// Threads that wait for work, of which there is one piece at a time. The caller works too.
class Pool {
 public:
  static Pool& Here() {
    // Never destroyed: its threads end with the process.
    static Pool* pool = new Pool(ThreadsHere());
    return *pool;
  }

  int size() const { return static_cast<int>(threads_.size()) + 1; }

  template <class Work>
  void Run(const Work& work) {
    std::lock_guard<std::mutex> one_at_a_time(running_);
    auto call = [](const void* it) { (*static_cast<const Work*>(it))(); };
    {
      std::lock_guard<std::mutex> lock(mutex_);
      call_ = call;
      work_ = &work;
      busy_ = static_cast<int>(threads_.size());
      round_++;
    }
    wake_.notify_all();
    work();
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, [this] { return busy_ == 0; });
  }

 private:
  explicit Pool(int size) {
    for (int each = 1; each < size; each++) threads_.emplace_back([this] { Loop(); });
    for (std::thread& each : threads_) each.detach();
  }

  void Loop() {
    uint64_t seen = 0;
    while (true) {
      void (*call)(const void*);
      const void* work;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        wake_.wait(lock, [&] { return round_ != seen; });
        seen = round_;
        call = call_;
        work = work_;
      }
      call(work);
      std::lock_guard<std::mutex> lock(mutex_);
      if (--busy_ == 0) done_.notify_one();
    }
  }

  std::vector<std::thread> threads_;
  std::mutex running_, mutex_;
  std::condition_variable wake_, done_;
  uint64_t round_ = 0;
  int busy_ = 0;
  void (*call_)(const void*) = nullptr;
  const void* work_ = nullptr;
};

// Memory that a thread keeps for its next run, as large as the largest that was asked for. It is 64 bytes aligned.
class Scratch {
 public:
  float* For(int64_t numbers) {
    const size_t needed = static_cast<size_t>(numbers) * sizeof(float) + 64;
    if (room_ < needed) {
      memory_.reset(static_cast<float*>(aligned_alloc(64, (needed + 63) / 64 * 64)));
      room_ = memory_ == nullptr ? 0 : needed;
    }
    if (memory_ == nullptr) abort();
    return memory_.get();
  }

 private:
  std::unique_ptr<float, void (*)(void*)> memory_{nullptr, free};
  size_t room_ = 0;
};

}  // namespace medctc

#endif  // MEDCTC_KERNELS_THREADS_H_
