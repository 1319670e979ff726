#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <limits>
#include <mutex>
#include <string>
#include <string_view>

#include <sqlite3.h>

namespace tidewire {

/// A file system for SQLite that passes everything on to the machine's, until it is told to fail
/// writes or syncs, or to hold syncs. For tests.
///
/// Owner:  the test; outlives every database that names it. Thread: the knobs are for any.
/// Source: "The SQLite OS Interface or VFS" (sqlite.org/vfs.html).
class FaultyDisk {
 public:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  FaultyDisk() : real_(sqlite3_vfs_find(nullptr)), vfs_(*real_) {
    vfs_.zName = name_.c_str();
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
    vfs_.pAppData = this;
    vfs_.xOpen = open;
    sqlite3_vfs_register(&vfs_, 0);
  }
  ~FaultyDisk() { sqlite3_vfs_unregister(&vfs_); }
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }

  /// All but the next `count` writes, or syncs, fail as those of a broken disk do.
  void fail_writes_after(std::int64_t count) { writes_left_ = count; }
  void fail_syncs_after(std::int64_t count) { syncs_left_ = count; }
  void heal() {
    writes_left_ = kNever;
    syncs_left_ = kNever;
  }

  /// Syncs do not return until release(), as on a very slow disk.
  void hold_syncs() {
    const std::scoped_lock lock(mutex_);
    held_ = true;
  }
  void release() {
    const std::scoped_lock lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }
  /// Waits until a sync is held.
  void wait_for_sync() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_ > 0; });
  }

 private:
  /// What SQLite takes for a file; the real one lies behind it.
  struct File {
    sqlite3_file base;
    FaultyDisk* disk;
    sqlite3_io_methods methods;
  };

  static sqlite3_file* real(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + sizeof(File));
  }
  static FaultyDisk& disk_of(sqlite3_file* file) { return *reinterpret_cast<File*>(file)->disk; }

  static int open(sqlite3_vfs* vfs, sqlite3_filename name, sqlite3_file* file, int flags,
                  int* out_flags) {
    auto* disk = static_cast<FaultyDisk*>(vfs->pAppData);
    auto* made = reinterpret_cast<File*>(file);
    std::memset(made, 0, sizeof *made);
    made->disk = disk;
    const int code = disk->real_->xOpen(disk->real_, name, real(file), flags, out_flags);
    if (real(file)->pMethods == nullptr) return code;
    made->methods = methods(real(file)->pMethods->iVersion);
    made->base.pMethods = &made->methods;
    return code;
  }

  static sqlite3_io_methods methods(int version) {
    return {
        .iVersion = version,
        .xClose = [](auto* f) { return real(f)->pMethods->xClose(real(f)); },
        .xRead = [](auto* f, void* to, int size,
                    auto at) { return real(f)->pMethods->xRead(real(f), to, size, at); },
        .xWrite = write,
        .xTruncate = [](auto* f, auto size) { return real(f)->pMethods->xTruncate(real(f), size); },
        .xSync = sync,
        .xFileSize = [](auto* f,
                        auto* size) { return real(f)->pMethods->xFileSize(real(f), size); },
        .xLock = [](auto* f, int level) { return real(f)->pMethods->xLock(real(f), level); },
        .xUnlock = [](auto* f, int level) { return real(f)->pMethods->xUnlock(real(f), level); },
        .xCheckReservedLock =
            [](auto* f, int* out) { return real(f)->pMethods->xCheckReservedLock(real(f), out); },
        .xFileControl =
            [](auto* f, int what, void* with) {
              return real(f)->pMethods->xFileControl(real(f), what, with);
            },
        .xSectorSize = [](auto* f) { return real(f)->pMethods->xSectorSize(real(f)); },
        .xDeviceCharacteristics =
            [](auto* f) { return real(f)->pMethods->xDeviceCharacteristics(real(f)); },
        .xShmMap =
            [](auto* f, int region, int size, int extend, auto** out) {
              return real(f)->pMethods->xShmMap(real(f), region, size, extend, out);
            },
        .xShmLock =
            [](auto* f, int at, int count, int flags) {
              return real(f)->pMethods->xShmLock(real(f), at, count, flags);
            },
        .xShmBarrier = [](auto* f) { real(f)->pMethods->xShmBarrier(real(f)); },
        .xShmUnmap = [](auto* f,
                        int remove) { return real(f)->pMethods->xShmUnmap(real(f), remove); },
        .xFetch = [](auto* f, auto at, int size,
                     void** out) { return real(f)->pMethods->xFetch(real(f), at, size, out); },
        .xUnfetch = [](auto* f, auto at,
                       void* page) { return real(f)->pMethods->xUnfetch(real(f), at, page); },
    };
  }

  static int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
    if (disk_of(file).writes_left_.fetch_sub(1) <= 0) return SQLITE_IOERR_WRITE;
    return real(file)->pMethods->xWrite(real(file), bytes, size, at);
  }

  static int sync(sqlite3_file* file, int flags) {
    FaultyDisk& disk = disk_of(file);
    {
      std::unique_lock lock(disk.mutex_);
      ++disk.waiting_;
      if (disk.held_) disk.changed_.notify_all();
      disk.changed_.wait(lock, [&] { return !disk.held_; });
      --disk.waiting_;
    }
    if (disk.syncs_left_.fetch_sub(1) <= 0) return SQLITE_IOERR_FSYNC;
    return real(file)->pMethods->xSync(real(file), flags);
  }

  std::string name_ = "faulty-" + std::to_string(reinterpret_cast<std::uintptr_t>(this));
  sqlite3_vfs* real_;
  sqlite3_vfs vfs_;
  std::atomic<std::int64_t> writes_left_{kNever};
  std::atomic<std::int64_t> syncs_left_{kNever};
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;  // syncs
  bool held_ = false;
};

}  // namespace tidewire
