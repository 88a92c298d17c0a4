"""The sample's text, written for this project: couplets whose two last words rhyme, from lines and families of words."""

import random

FAMILIES = """
cat hat bat mat rat
moon spoon balloon raccoon bassoon
bee tree sea key flea pea
star jar car guitar
mouse house
bear chair pear hare
goat boat coat
fox box
king ring string swing wing
snail whale tail pail sail
frog dog log fog
bed sled
lake cake snake
kitten mitten
kite knight light night
train crane chain plane
mole bowl hole pole
duck truck
pie fly sky tie
clown gown town crown
""".strip().splitlines()

FIRST = """
a little old {}
there was once a {}
I know a good {}
I met a blue {}
who painted the {}
here comes a big {}
we all saw the {}
far off in the snow stood a {}
down by the river I saw a {}
under the table there slept a {}
up on the roof sat a very small {}
nobody knows how to carry a {}
the wind took my hat to a {}
""".strip().splitlines()

SECOND = """
danced all night with a {}
dreamed it was only a {}
wanted to live in a {}
sang to the stars and the {}
asked for a cup and a {}
ran up the hill with a {}
never had looked at a {}
gave all its gold for a {}
went out to sea with a {}
laughed till it fell on a {}
""".strip().splitlines()

JOINTS = ["and it ", "and then it ", "but it ", "so it "]


def couplets(count, seed=0):
    """`count` couplets, each of two lines and an empty one."""
    chance = random.Random(seed)
    found = []
    for _ in range(count):
        one, two = chance.sample(chance.choice(FAMILIES).split(), 2)
        found.append(f"{chance.choice(FIRST).format(one)},\n{chance.choice(JOINTS)}{chance.choice(SECOND).format(two)}.\n\n")
    return found


WISHES = """
if I were a {}, / I would marry a {}.
if I were a {}, / I would sing for a {}.
if I were a {}, / I would live in a {}.
if I were a {}, / I would swim with a {}.
""".strip().splitlines()


def wishes(count, seed=1):
    """Couplets in another manner, to go on training with."""
    chance = random.Random(seed)
    found = []
    for _ in range(count):
        one, two = chance.sample(chance.choice(FAMILIES).split(), 2)
        found.append(chance.choice(WISHES).replace(" / ", "\n").format(one, two) + "\n\n")
    return found
