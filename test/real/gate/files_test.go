//go:build real

package gate

// files is the pool of clients that write into the file system instead.
const files = "cephfs_data"

// filesClient writes small files without end and tells each second how many
// writes were finished, in the columns of rados bench. It needs Debian's
// python3-cephfs, which ceph-common brings.
const filesClient = `
import cephfs, sys, threading, time
fs = cephfs.LibCephFS(conffile=sys.argv[1])
fs.mount()
done = 0
def write():
    global done
    while True:
        fd = fs.open("/file%d" % (done % 16), "w", 0o644)
        fs.write(fd, b"noout" * 100, 0)
        fs.fsync(fd, False)
        fs.close(fd)
        done += 1
writer = threading.Thread(target=write, daemon=True)
writer.start()
second = 0
while writer.is_alive():
    print(second, 1, done + 1, done, flush=True)
    second += 1
    time.sleep(1)
`
