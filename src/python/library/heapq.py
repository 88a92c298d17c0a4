"""Python's `heapq` and `bisect`: a beam search keeps its candidates in one. A sorted list is a heap."""


def _place(a, x, right):
    low, high = 0, len(a)
    while low < high:
        middle = (low + high) // 2
        if a[middle] < x or right and not x < a[middle]:
            low = middle + 1
        else:
            high = middle
    return low


def bisect_left(a, x):
    return _place(a, x, False)


def bisect_right(a, x):
    return _place(a, x, True)


bisect = bisect_right


def insort(a, x):
    a.insert(_place(a, x, True), x)


def heapify(x):
    x.sort()


def heappush(heap, item):
    insort(heap, item)


def heappop(heap):
    return heap.pop(0)


def heappushpop(heap, item):
    heappush(heap, item)
    return heappop(heap)


def heapreplace(heap, item):
    least = heappop(heap)
    heappush(heap, item)
    return least


def nlargest(n, iterable, key=None):
    return sorted(iterable, key=key, reverse=True)[:n]


def nsmallest(n, iterable, key=None):
    return sorted(iterable, key=key)[:n]
