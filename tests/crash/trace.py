"""Records what a command does to files below a directory: runs it under strace and gives its file
operations as events, in the order in which the kernel finished them.

An event is a tuple whose first item is its kind:

    ("create", path, inode, mode)   a new name for a new file
    ("write", inode, offset, data)  ("truncate", inode, size)
    ("rename", from, to)  ("link", from, to)  ("unlink", path)
    ("mkdir", path)  ("rmdir", path)
    ("sync_begin", key)             key: an inode number, or the path of a directory, or "*" (syncfs)
    ("sync_end", key)               what was there at the begin is durable from now on
    ("say", data)                   written to the command's standard output
    ("heard", data)                 read from a socket (where record() was asked for it)
    ("exit", code)

Paths are relative to the directory. What cannot be modelled (shared maps, copy_file_range) ends the
recording with an error instead of being left out; and at the end the model must agree with the disk
(model.py), so that nothing is missed in silence.
"""
import os
import re
import subprocess

CALLS = (
    "open,openat,openat2,creat,write,pwrite64,writev,pwritev,pwritev2,lseek,rename,renameat,renameat2,"
    "link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,symlink,symlinkat,fsync,fdatasync,sync,syncfs,"
    "ftruncate,truncate,fallocate,sendfile,copy_file_range,splice,dup,dup2,dup3,fcntl,close,fork,vfork,"
    "clone,clone3,execve,mmap,exit_group"
)
HEX = r"(?:\\x[0-9a-f]{2})*"
FD = rf"(AT_FDCWD|\d+)(?:<({HEX})>)?(?:\(deleted\))?"
NOT_MODELLED = {"truncate", "fallocate", "sendfile", "copy_file_range", "splice", "symlink", "symlinkat"}


class TraceError(Exception):
    pass


def text(hexed):
    return bytes.fromhex(hexed.replace("\\x", ""))


def strings(args):
    return [text(m) for m in re.findall(rf'"({HEX})"', args)]


class Open:
    """One open file description: shared by dup and fork."""

    def __init__(self, inode, append, offset=0):
        self.inode, self.append, self.offset = inode, append, offset


class Recorder:
    def __init__(self, root, out_path):
        self.root, self.out = os.path.realpath(root), os.path.realpath(out_path)
        self.events = []
        self.names = {}  # relative path -> inode number
        self.sizes = {}
        self.next = 1
        self.tables = {}  # pid -> {fd: Open}
        self.parents = {}  # pid -> (parent, shares descriptors)
        self.pending = {}  # pid -> (text so far, keys of a sync that began)
        self.first = None
        for at, _, files in os.walk(self.root):
            for name in files:
                path = os.path.relpath(os.path.join(at, name), self.root)
                self.names[path] = self.new_inode(os.path.getsize(os.path.join(at, name)))

    def new_inode(self, size=0):
        number, self.next = self.next, self.next + 1
        self.sizes[number] = size
        return number

    def below(self, path):
        """The path relative to the root, None outside of it."""
        path = os.path.normpath(path)
        if path == self.root:
            return "."
        return path[len(self.root) + 1:] if path.startswith(self.root + "/") else None

    def table(self, pid):
        if pid not in self.tables:
            parent, shared = self.parents.get(pid, (None, False))
            of_parent = self.table(parent) if parent is not None else {}
            self.tables[pid] = of_parent if shared else dict(of_parent)
        return self.tables[pid]

    # -- one call, finished with a result that is not an error

    def at(self, fd_path, name):
        base = text(fd_path).decode() if fd_path else self.root
        return self.below(os.path.join(base, name.decode("utf-8", "surrogateescape")))

    def call(self, pid, name, args, result):
        method = getattr(self, "call_" + name, None)
        fd = re.match(FD, args)
        inside = fd and fd[2] and self.below(text(fd[2]).decode("utf-8", "surrogateescape"))
        if name in NOT_MODELLED:
            if inside or any(self.below(os.path.join(self.root, s.decode("utf-8", "replace")))
                             for s in strings(args) if s.startswith(self.root.encode())):
                raise TraceError(f"{name} is not modelled: {args[:200]}")
        elif method:
            method(pid, args, result, fd)

    def opened(self, pid, path, args, result):
        append = "O_APPEND" in args
        new = path not in self.names and "O_CREAT" in args
        if "O_DIRECTORY" in args or "O_TMPFILE" in args or (path not in self.names and not new):
            return
        if new:
            mode = int(args.rsplit(",", 1)[1], 8) if re.search(r", 0\d+$", args) else 0o600
            self.names[path] = self.new_inode()
            self.events.append(("create", path, self.names[path], mode))
        inode = self.names[path]
        if "O_TRUNC" in args and self.sizes[inode]:
            self.sizes[inode] = 0
            self.events.append(("truncate", inode, 0))
        self.table(pid)[result] = Open(inode, append)

    def call_open(self, pid, args, result, _):
        self.table(pid).pop(result, None)
        path = self.below(os.path.join(self.root, strings(args)[0].decode("utf-8", "surrogateescape")))
        if path is not None:
            self.opened(pid, path, args, result)

    call_creat = call_open

    def call_openat(self, pid, args, result, fd):
        self.table(pid).pop(result, None)
        path = self.at(fd[2], strings(args)[0])
        if path is not None:
            self.opened(pid, path, args, result)

    call_openat2 = call_openat

    def file(self, pid, fd):
        path = text(fd[2] or "").decode("utf-8", "surrogateescape")
        return self.table(pid).get(int(fd[1])) if self.below(path) is not None else None

    def put(self, pid, fd, data, offset=None):
        file = self.file(pid, fd)
        if file is None:
            path = text(fd[2] or "").decode("utf-8", "surrogateescape")
            if path == self.out:
                self.events.append(("say", data))
            elif self.below(path) is not None:
                raise TraceError(f"write to {path} through a descriptor that was never opened")
            return
        at = offset if offset is not None else self.sizes[file.inode] if file.append else file.offset
        self.events.append(("write", file.inode, at, data))
        self.sizes[file.inode] = max(self.sizes[file.inode], at + len(data))
        if offset is None:
            file.offset = at + len(data)

    def call_write(self, pid, args, result, fd):
        self.put(pid, fd, strings(args)[0][:result])

    def call_writev(self, pid, args, result, fd):
        self.put(pid, fd, b"".join(strings(args))[:result])

    def call_pwrite64(self, pid, args, result, fd):
        self.put(pid, fd, strings(args)[0][:result], int(args.rsplit(",", 1)[1]))

    def call_pwritev(self, pid, args, result, fd):
        if self.file(pid, fd):
            raise TraceError("pwritev is not modelled")

    call_pwritev2 = call_pwritev

    def call_read(self, pid, args, result, fd):
        if fd[2] and text(fd[2]).startswith((b"socket:", b"TCP")):
            self.events.append(("heard", b"".join(strings(args))[:result]))

    def call_recvfrom(self, pid, args, result, fd):
        self.events.append(("heard", b"".join(strings(args))[:result]))

    call_recvmsg = call_recvfrom

    def call_lseek(self, pid, args, result, fd):
        file = self.file(pid, fd)
        if file:
            file.offset = result

    def call_ftruncate(self, pid, args, result, fd):
        file = self.file(pid, fd)
        if file:
            size = int(args.rsplit(",", 1)[1])
            self.sizes[file.inode] = size
            self.events.append(("truncate", file.inode, size))

    def call_mmap(self, pid, args, result, _):
        if "MAP_SHARED" in args and "PROT_WRITE" in args:
            path = re.search(rf"<({HEX})>", args)
            if path and self.below(text(path[1]).decode("utf-8", "surrogateescape")) is not None:
                raise TraceError("a shared map is not modelled")

    def call_dup(self, pid, args, result, fd):
        table = self.table(pid)
        table.pop(result, None)
        if int(fd[1]) in table:
            table[result] = table[int(fd[1])]

    call_dup2 = call_dup3 = call_dup

    def call_fcntl(self, pid, args, result, fd):
        if "F_DUPFD" in args:
            self.call_dup(pid, args, result, fd)

    def call_close(self, pid, args, result, fd):
        self.table(pid).pop(int(fd[1]), None)

    def moved(self, kind, fds, args):
        old, new = (self.at(f, s) for f, s in zip(fds, strings(args)))
        if old is None or new is None:
            if old != new:
                raise TraceError(f"{kind} over the edge of the directory: {args[:200]}")
            return
        if old not in self.names:
            raise TraceError(f"{kind} of a directory is not modelled: {old}")
        self.events.append((kind, old, new))
        self.names[new] = self.names[old]
        if kind == "rename" and old != new:
            del self.names[old]

    def two_fds(self, args):
        return [m[1] for m in re.findall(rf"{FD}, \"", args)]

    def call_rename(self, pid, args, result, _):
        self.moved("rename", (None, None), args)

    def call_renameat(self, pid, args, result, _):
        self.moved("rename", self.two_fds(args), args)

    call_renameat2 = call_renameat

    def call_link(self, pid, args, result, _):
        self.moved("link", (None, None), args)

    def call_linkat(self, pid, args, result, _):
        self.moved("link", self.two_fds(args), args)

    def gone(self, path, directory):
        if path is None:
            return
        self.events.append(("rmdir" if directory else "unlink", path))
        self.names.pop(path, None)

    def call_unlink(self, pid, args, result, _):
        self.gone(self.at(None, strings(args)[0]), False)

    def call_unlinkat(self, pid, args, result, fd):
        self.gone(self.at(fd[2], strings(args)[0]), "AT_REMOVEDIR" in args)

    def call_rmdir(self, pid, args, result, _):
        self.gone(self.at(None, strings(args)[0]), True)

    def call_mkdir(self, pid, args, result, _):
        self.made(self.at(None, strings(args)[0]))

    def call_mkdirat(self, pid, args, result, fd):
        self.made(self.at(fd[2], strings(args)[0]))

    def made(self, path):
        if path is not None:
            self.events.append(("mkdir", path))

    def sync_key(self, pid, name, args):
        if name in ("sync", "syncfs"):
            return "*"
        fd = re.match(FD, args)
        file = self.file(pid, fd)
        return file.inode if file else self.below(text(fd[2] or "").decode("utf-8", "surrogateescape"))

    # -- the log of strace

    def line(self, pid, rest):
        if rest.startswith("+++ exited with"):
            if pid == self.first:
                self.events.append(("exit", int(rest.split()[3])))
            return
        if rest.startswith(("+++", "---")):
            return
        resumed = re.match(r"<\.\.\. (\w+) resumed>(.*)$", rest)
        begun = None
        if resumed:
            start, begun = self.pending.pop(pid)
            rest = start + resumed[2]
        if rest.endswith("<unfinished ...>"):
            start = rest[: -len("<unfinished ...>")].rstrip()
            self.pending[pid] = (start, self.begin_sync(pid, start + ")"))
            return
        whole = re.match(r"(\w+)\((.*)\)\s*= (-?\d+|0x[0-9a-f]+|\?)", rest)
        if not whole or whole[3] == "?":
            return
        name, args, result = whole[1], whole[2], int(whole[3], 0)
        if result < 0:
            return
        if name in ("fsync", "fdatasync", "sync", "syncfs"):
            key = begun if begun is not None else self.begin_sync(pid, rest)
            if key is not None:
                self.events.append(("sync_end", key))
            return
        self.call(pid, name, args, result)

    def begin_sync(self, pid, rest):
        call = re.match(r"(fsync|fdatasync|sync|syncfs)\((.*?)\)", rest.replace("(deleted)", ""))
        key = self.sync_key(pid, call[1], call[2]) if call else None
        if key is not None:
            self.events.append(("sync_begin", key))
        return key

    def read(self, log):
        lines = []
        with open(log, "r", encoding="ascii", errors="replace") as f:
            for line in f:
                pid, _, rest = line.rstrip("\n").partition(" ")
                lines.append((int(pid), rest.strip()))
        for pid, rest in lines:
            child = re.match(r"(?:clone|clone3|fork|vfork|<\.\.\. (?:clone|clone3|fork|vfork) resumed>).*= (\d+)$", rest)
            if child:
                self.parents[int(child[1])] = (pid, "CLONE_FILES" in rest)
        self.first = lines[0][0] if lines else None
        for pid, rest in lines:
            self.line(pid, rest)
        return self.events


def record(argv, root, work, stdin=None, env=None, hear=False):
    """Runs argv; its events, its standard output and its exit code. `hear`: what comes from sockets too."""
    out, log = os.path.join(work, "stdout"), os.path.join(work, "strace")
    recorder = Recorder(root, out)
    with open(out, "wb") as f:
        strace = ["strace", "-f", "-y", "-xx", "-s", str(1 << 26), "--seccomp-bpf", "-q",
                  "-e", "trace=" + CALLS + (",read,recvfrom,recvmsg" if hear else ""), "-e", "signal=none", "-o", log, "--"]
        done = subprocess.run(strace + argv, stdin=stdin or subprocess.DEVNULL, stdout=f,
                              stderr=subprocess.PIPE, env=env, cwd=root, timeout=120)
    with open(out, "rb") as f:
        said = f.read()
    events = recorder.read(log)
    return events, said, done.returncode, done.stderr
