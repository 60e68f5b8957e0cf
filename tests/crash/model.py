"""The states that a file system may be in after a crash, by the POSIX model, or by that of a journal.

Nothing is durable but by a sync of exactly that thing: the data of a file by fsync of the file, the
entries of a directory by fsync of the directory, everything by syncfs. What was not synced may be there
or not, in any combination:

  data        each file independently: none of its unsynced writes; all; the first half of the octets;
              zeros in their place at full length; only the first write; only the last one (the rest
              zeros); all but the last; only the first and the last
  names       each change of an entry independently (create, link, unlink, either half of a rename)

with one promise that every file system keeps and the queue relies on: a rename never loses both
names. With `both` its old name may still be there beside the new one (two directories, one of them
synced); without it a rename is kept or lost as a whole, as journals do.

`ordered` is the journal of ext4 and XFS: the sync of a file makes durable all changes of names before it, since
they stand before it in one journal. What was not synced is as above, which allows more than such a journal does.

The number of combinations is bounded: all of them up to `limit` a crash point; beyond it none, all, and
every single choice and every pair of choices changed from none and from all (pairs too only while they
are at most 4 * limit)."""
import hashlib
import itertools
import os


class File:
    def __init__(self, content=b"", mode=0o600):
        self.durable = content
        self.now = content
        self.pending = []  # (offset, data), or (size, None) for a truncate
        self.mode = mode
        self._variants = None

    def change(self, op):
        self.pending.append(op)
        self.now = apply(self.now, [op])
        self._variants = None

    def sync(self, count):
        """The first `count` pending changes are durable."""
        self.durable = apply(self.durable, self.pending[:count])
        self.pending = self.pending[count:]
        self._variants = None

    def variants(self):
        """All that may be read after a crash; the first is none, the second all."""
        if self._variants is None:
            self._variants = list(dict.fromkeys(self._list()))
        return self._variants

    def _list(self):
        ops, old, new = self.pending, self.durable, self.now
        yield old
        if not ops:
            return
        yield new
        grown = max(len(new) - len(old), 0)
        yield new[: len(old) + grown // 2] if grown else new[: len(new) // 2]
        yield apply(old, [(o, bytes(len(d)) if d is not None else None) for o, d in ops])
        yield apply(old, ops[:1])
        yield pad(apply(old, ops[-1:]), len(new))
        yield apply(old, ops[:-1])
        yield pad(apply(old, [ops[0], ops[-1]]), len(new))


def apply(content, ops):
    for offset, data in ops:
        if data is None:
            content = pad(content[:offset], offset)
        else:
            content = pad(content, offset)
            content = content[:offset] + data + content[offset + len(data):]
    return content


def pad(content, size):
    return content + bytes(max(size - len(content), 0))


class Half:
    """A change of one directory entry: name -> inode, or None for gone."""

    def __init__(self, path, inode, twin=None):
        self.path, self.inode, self.twin = path, inode, twin
        self.durable = False


class Model:
    def __init__(self, root, both=False, limit=256, ordered=False, static=("control", "passwd", "run")):
        self.files, self.names, self.dirs = {}, {}, set()
        self.both, self.limit, self.ordered, self.static = both, limit, ordered, static
        self.pending = []  # Halves, in order
        self.now = {}
        self.begun = {}
        self.cut = 0  # crash points at which not all combinations were taken
        number = 1
        for at, dirs, files in os.walk(root):
            base = os.path.relpath(at, root)
            self.dirs |= {os.path.normpath(os.path.join(base, d)) for d in dirs}
            for name in files:
                path = os.path.normpath(os.path.join(base, name))
                with open(os.path.join(at, name), "rb") as f:
                    self.files[number] = File(f.read(), os.stat(os.path.join(at, name)).st_mode & 0o777)
                self.names[path] = number
                number += 1
        self.now = dict(self.names)
        self.base_dirs = set(self.dirs)

    # -- events

    def event(self, e):
        kind = e[0]
        if kind in ("create", "write", "truncate", "rename", "link", "unlink", "mkdir", "sync_begin", "sync_end"):
            getattr(self, "on_" + kind)(*e[1:])
        elif kind == "rmdir":
            raise ValueError("rmdir is not modelled: " + e[1])

    def half(self, path, inode):
        h = Half(path, inode)
        self.pending.append(h)
        if inode is None:
            self.now.pop(path, None)
        else:
            self.now[path] = inode
        return h

    def on_create(self, path, inode, mode):
        self.files[inode] = File(mode=mode)
        self.half(path, inode)

    def on_write(self, inode, offset, data):
        self.files[inode].change((offset, data))

    def on_truncate(self, inode, size):
        self.files[inode].change((size, None))

    def on_rename(self, old, new):
        if old == new:
            return
        add = self.half(new, self.now[old])
        gone = self.half(old, None)
        add.twin, gone.twin = gone, add

    def on_link(self, old, new):
        self.half(new, self.now[old])

    def on_unlink(self, path):
        self.half(path, None)

    def on_mkdir(self, path):
        # Directories are made durable by their makers before they are used; here they are just there.
        self.dirs.add(path)

    def on_sync_begin(self, key):
        self.begun.setdefault(key, []).append(
            ({i: len(f.pending) for i, f in self.files.items() if key in ("*", i)},
             [h for h in self.pending if key == "*" or self.ordered or (os.path.dirname(h.path) or ".") == key]))

    def on_sync_end(self, key):
        counts, halves = self.begun[key].pop(0)
        for inode, count in counts.items():
            self.files[inode].sync(count)
        for h in halves:
            h.durable = True
        self.settle()

    def settle(self):
        """Takes what is durable out of the pending changes. One that is durable overrules the earlier ones
        of its name; and a rename that lost its old name durably has its new one."""
        for h in self.pending:
            if h.durable and h.twin and (h.inode is None or not self.both):
                h.twin.durable = True
        last = {h.path: i for i, h in enumerate(self.pending) if h.durable}
        left = []
        for i, h in enumerate(self.pending):
            if i <= last.get(h.path, -1):
                if i == last[h.path]:
                    self.names.pop(h.path, None)
                    if h.inode is not None:
                        self.names[h.path] = h.inode
                h.durable = True
            else:
                left.append(h)
        self.pending = left

    # -- states

    def units(self):
        """The choices about names: each a list of halves that are lost or kept together."""
        out, seen = [], set()
        for h in self.pending:
            if id(h) in seen:
                continue
            pair = h.twin if h.twin in self.pending else None
            if pair and not self.both:
                seen.add(id(pair))
                out.append([[], [h, pair]])
            elif pair:
                seen.add(id(pair))
                add = h if h.inode is not None else pair
                out.append([[], [h, pair], [add]])
            else:
                out.append([[], [h]])
        return out

    def choices(self):
        named = set(self.names.values()) | {h.inode for h in self.pending if h.inode is not None}
        data = [(i, f.variants()) for i, f in self.files.items() if i in named and len(f.variants()) > 1]
        units = self.units()
        return units, data

    def states(self):
        """All states of this crash point, each a dict path -> (inode, content)."""
        units, data = self.choices()
        sizes = [len(u) for u in units] + [len(v) for _, v in data]
        for picks in self.pick(sizes):
            keep = [h for u, p in zip(units, picks) for h in u[p]]
            names = dict(self.names)
            for h in self.pending:
                if any(h is k for k in keep):
                    if h.inode is None:
                        names.pop(h.path, None)
                    else:
                        names[h.path] = h.inode
            content = {i: v[p] for (i, v), p in zip(data, picks[len(units):])}
            yield {path: (i, content.get(i, self.files[i].now)) for path, i in names.items()
                   if path.split("/")[0] not in self.static}

    def pick(self, sizes):
        total = 1
        for s in sizes:
            total *= s
        if total <= self.limit:
            yield from itertools.product(*(range(s) for s in sizes))
            return
        self.cut += 1
        none, full = [0] * len(sizes), [1] * len(sizes)
        single = [(i, v) for i, s in enumerate(sizes) for v in range(s)]
        for base in (none, full):
            yield tuple(base)
            for i, v in single:
                yield tuple(base[:i] + [v] + base[i + 1:])
        if len(single) ** 2 > 8 * self.limit:
            return
        for base in (none, full):
            for (i, v), (j, w) in itertools.combinations(single, 2):
                if i != j:
                    picks = list(base)
                    picks[i], picks[j] = v, w
                    yield tuple(picks)

    def volatile(self):
        return {p: self.files[i].now for p, i in self.now.items() if p.split("/")[0] not in self.static}


def state_key(state):
    h = hashlib.sha256()
    inodes = {}
    for path in sorted(state):
        inode, content = state[path]
        same = inodes.setdefault(inode, len(inodes))
        h.update(f"{path}\0{same}\0{len(content)}\0".encode("utf-8", "surrogateescape"))
        h.update(content)
    return h.digest()
