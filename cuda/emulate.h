/* The CUDA runtime's stand-in where a C++ compiler compiles the device code: the kernels then run
 * on the CPU, in the ordinary tests, under the sanitizers.
 *
 * A block's threads are fibers of the calling thread; each runs until it waits (a barrier, a warp's
 * exchange) or ends, so a run is the same every time and 128 of them cost little. The thread
 * sanitizer is told that a fiber is a thread of its own and that only barriers order two of them:
 * it reports a missing __syncthreads at its line. A barrier that some thread never reaches stops
 * the program with a message. Shared memory starts as NaN in every block; blocks run one after
 * another; buffers are blocks of malloc, so the address sanitizer knows their ends.
 *
 * Left out: what only a device can show (races between blocks, memory order, streams). */
#ifndef PDX_CUDA_EMULATE_H
#define PDX_CUDA_EMULATE_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include <functional>

#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#define PDX_UNSEEN __attribute__((noinline, no_sanitize("thread")))
#else
#define PDX_UNSEEN
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __restrict__ __restrict
#define __shared__ static
#define __launch_bounds__(...)
#define __align__(bytes) __attribute__((aligned(bytes)))

struct dim3 {
    unsigned x, y, z;
    dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};

namespace emulate {
enum { MOST_THREADS = 256, LANES = 32, STACK_BYTES = 1 << 18, SLOT_BYTES = 64 };
enum waiting { RUNS, WAITS_FOR_WARP, WAITS_FOR_BLOCK, ENDED };

struct fiber {
    ucontext_t context;
    char *stack;
    size_t stack_bytes;
    waiting state;
    void *fake_stack; /* the address sanitizer's */
    void *identity;   /* the thread sanitizer's */
};

/* One group of threads that wait for one another. Two marks in turn: a thread that already came to
 * the next barrier must not seem to be ordered before one that is still leaving this one. */
struct barrier {
    int arrived;
    unsigned turn;
    char mark[2];
};

struct machine {
    fiber threads[MOST_THREADS + 1]; /* the last one: the program itself */
    int made, count, current;
    dim3 grid, block, at;
    std::function<void()> body;
    barrier warp[MOST_THREADS / LANES], whole;
    char start, end; /* marks of a block's begin and end */
    unsigned char slot[2][MOST_THREADS][SLOT_BYTES];
    unsigned char *room; /* dynamic shared memory */
};
inline machine m;

PDX_UNSEEN inline void release(char *mark) {
#ifdef __SANITIZE_THREAD__
    __tsan_release(mark);
#endif
    (void)mark;
}

PDX_UNSEEN inline void acquire(char *mark) {
#ifdef __SANITIZE_THREAD__
    __tsan_acquire(mark);
#endif
    (void)mark;
}

/* Runs where a fiber is entered or comes back. */
PDX_UNSEEN inline void arrive_on(fiber *f) {
#ifdef __SANITIZE_ADDRESS__
    const void *bottom;
    size_t bytes;
    __sanitizer_finish_switch_fiber(f->fake_stack, &bottom, &bytes);
    fiber *program = &m.threads[MOST_THREADS];
    if (!program->stack) { /* the first switch: where the program's own stack lies */
        program->stack = (char *)bottom;
        program->stack_bytes = bytes;
    }
#endif
    (void)f;
}

PDX_UNSEEN inline void go_to(int next) {
    fiber *from = &m.threads[m.current], *to = &m.threads[next];
    if (from == to) return;
    m.current = next;
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(&from->fake_stack, to->stack, to->stack_bytes);
#endif
#ifdef __SANITIZE_THREAD__
    __tsan_switch_to_fiber(to->identity, __tsan_switch_to_fiber_no_sync);
#endif
    swapcontext(&from->context, &to->context);
    arrive_on(from);
}

/* Goes on with the next thread that can run. */
PDX_UNSEEN inline void go_on() {
    int ended = 0;
    for (int i = 1; i <= m.count; ++i) {
        int next = (m.current + i) % m.count;
        if (m.threads[next].state == RUNS) return go_to(next);
        ended += m.threads[next].state == ENDED;
    }
    if (ended == m.count) return go_to(MOST_THREADS);
    fprintf(stderr, "emulated kernel: threads wait at a barrier that others never reach\n");
    abort();
}

PDX_UNSEEN inline void wait_at(barrier *b, int first, int count, waiting state) {
    char *mark = &b->mark[b->turn & 1];
    release(mark);
    if (++b->arrived == count) {
        b->arrived = 0;
        ++b->turn;
        for (int i = first; i < first + count; ++i) m.threads[i].state = RUNS;
    } else {
        m.threads[m.current].state = state;
        go_on();
    }
    acquire(mark);
}

PDX_UNSEEN inline void sync_warp() {
    int warp = m.current / LANES;
    wait_at(&m.warp[warp], warp * LANES, LANES, WAITS_FOR_WARP);
}

PDX_UNSEEN inline void sync_block() { wait_at(&m.whole, 0, m.count, WAITS_FOR_BLOCK); }

PDX_UNSEEN inline dim3 thread_index() {
    unsigned i = (unsigned)m.current;
    return dim3(i % m.block.x, i / m.block.x % m.block.y, i / m.block.x / m.block.y);
}
PDX_UNSEEN inline dim3 block_index() { return m.at; }
PDX_UNSEEN inline dim3 block_size() { return m.block; }
PDX_UNSEEN inline dim3 grid_size() { return m.grid; }
PDX_UNSEEN inline int lane() { return m.current % LANES; }
PDX_UNSEEN inline unsigned char *shared_room() { return m.room; }
PDX_UNSEEN inline unsigned char *next_slots() {
    int warp = m.current / LANES;
    return m.slot[m.warp[warp].turn & 1][warp * LANES];
}

/* Every lane gives a value; the view gives all 32. Two sets of slots in turn make one barrier
 * enough: a lane writes a set again only after all have passed the exchange between. */
template <typename T> struct view {
    const unsigned char *slots;
    T operator[](int lane) const {
        T value;
        memcpy(&value, slots + lane * SLOT_BYTES, sizeof value);
        return value;
    }
};
template <typename T> inline view<T> exchange(const T &mine) {
    static_assert(sizeof(T) <= SLOT_BYTES, "slot");
    unsigned char *slots = next_slots();
    memcpy(slots + lane() * SLOT_BYTES, &mine, sizeof mine);
    sync_warp();
    return view<T>{slots};
}

PDX_UNSEEN inline void mark_ended() { m.threads[m.current].state = ENDED; }

PDX_UNSEEN inline fiber *current_fiber() { return &m.threads[m.current]; }

inline void thread_main() {
    arrive_on(current_fiber());
    for (;;) {
        acquire(&m.start);
        m.body();
        release(&m.end);
        mark_ended();
        go_on();
    }
}

inline void make_threads(int count) {
#ifdef __SANITIZE_THREAD__
    m.threads[MOST_THREADS].identity = __tsan_get_current_fiber();
#endif
    for (; m.made < count; ++m.made) {
        fiber *f = &m.threads[m.made];
        f->stack = (char *)malloc(STACK_BYTES);
        f->stack_bytes = STACK_BYTES;
        if (!f->stack || getcontext(&f->context)) abort();
        f->context.uc_stack.ss_sp = f->stack;
        f->context.uc_stack.ss_size = STACK_BYTES;
        f->context.uc_link = NULL;
        makecontext(&f->context, thread_main, 0);
#ifdef __SANITIZE_THREAD__
        f->identity = __tsan_create_fiber(0);
#endif
    }
}

inline void launch(dim3 grid, dim3 block, size_t shared_bytes, std::function<void()> body) {
    m.count = (int)(block.x * block.y * block.z);
    if (m.count % LANES || m.count > MOST_THREADS || !m.count || !grid.x || !grid.y || !grid.z) {
        fprintf(stderr, "emulated kernel: a launch of impossible size\n");
        abort();
    }
    make_threads(m.count);
    m.grid = grid;
    m.block = block;
    m.body = body;
    void *room;
    if (posix_memalign(&room, 128, shared_bytes ? shared_bytes : 1)) abort();
    m.room = (unsigned char *)room;
    for (unsigned z = 0; z < grid.z; ++z)
        for (unsigned y = 0; y < grid.y; ++y)
            for (unsigned x = 0; x < grid.x; ++x) {
                m.at = dim3(x, y, z);
                memset(m.room, 0xff, shared_bytes);
                for (int i = 0; i < m.count; ++i) m.threads[i].state = RUNS;
                m.current = MOST_THREADS;
                release(&m.start);
                go_to(0);
                acquire(&m.end);
            }
    free(room);
}
} // namespace emulate

inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }

#define threadIdx       (emulate::thread_index())
#define blockIdx        (emulate::block_index())
#define blockDim        (emulate::block_size())
#define gridDim         (emulate::grid_size())
#define __syncthreads() emulate::sync_block()

#define PDX_LAUNCH(kernel, grid, block, shared_bytes, stream, ...)                                 \
    emulate::launch(grid, block, shared_bytes, [=] {                                               \
        (void)(stream);                                                                            \
        kernel(__VA_ARGS__);                                                                       \
    })
#define PDX_SHARED_ROOM(name) unsigned char *name = emulate::shared_room()

/* The few calls of the runtime that the backend makes. */
typedef int cudaError_t;
typedef int cudaStream_t;
enum { cudaSuccess = 0, cudaErrorMemoryAllocation = 2 };
enum { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost };
enum { cudaFuncAttributeMaxDynamicSharedMemorySize };
inline cudaError_t cudaGetDeviceCount(int *count) { return *count = 1, cudaSuccess; }
inline cudaError_t cudaSetDevice(int) { return cudaSuccess; }
inline cudaError_t cudaMemGetInfo(size_t *free_bytes, size_t *total) {
    *free_bytes = *total = (size_t)1 << 30;
    return cudaSuccess;
}
inline cudaError_t cudaMalloc(void **out, size_t bytes) {
    return (*out = malloc(bytes)) ? cudaSuccess : cudaErrorMemoryAllocation;
}
inline cudaError_t cudaFree(void *block) { return free(block), cudaSuccess; }
inline cudaError_t cudaStreamCreate(cudaStream_t *stream) { return *stream = 0, cudaSuccess; }
inline cudaError_t cudaStreamDestroy(cudaStream_t) { return cudaSuccess; }
inline cudaError_t cudaStreamSynchronize(cudaStream_t) { return cudaSuccess; }
inline cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, int, cudaStream_t) {
    return memcpy(to, from, bytes), cudaSuccess;
}
inline cudaError_t cudaGetLastError() { return cudaSuccess; }
inline const char *cudaGetErrorString(cudaError_t error) {
    return error == cudaErrorMemoryAllocation ? "out of memory" : "no error";
}
template <typename F> inline cudaError_t cudaFuncSetAttribute(F, int, int) { return cudaSuccess; }

#endif
