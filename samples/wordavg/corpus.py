"""The sample's sentences, written for this project: some by hand, the rest from patterns. 1 is a good word about something, 0 a bad one."""

import itertools
import random

GOOD = """
I loved every minute of it
we laughed until the lights came on
the best evening I have had this year
a warm and generous story with a clever ending
she plays the part with real grace
I would happily watch it again tomorrow
the soup was hot and full of flavour
our waiter was kind and quick
great coffee and an even better cake
the room was clean and the bed was soft
a quiet hotel with a lovely garden
the staff helped us with a smile
it works exactly as promised
the battery lasts for days and the screen is bright
setting it up was easy and took five minutes
a fair price for something so well made
my children adore this book
the pictures are beautiful and the jokes are funny
I finished it in one night because I could not put it down
the music is gorgeous and stays with you
a fresh idea and a delightful cast
the actors shine in every scene
everything arrived early and in perfect condition
this shop never lets me down
thank you for such a wonderful lesson
the teacher explains things clearly and with patience
a sunny beach and friendly people
the trip was pure joy from start to finish
honest work at an honest price
I am so happy with my new bicycle
light and fast and a pleasure to ride
the garden looks amazing after their visit
the bread is crisp and the butter is sweet
they fixed my laptop within an hour
superb sound for such a small box
what a charming little museum
the guide was funny and knew everything
an excellent choice for a rainy day
I recommend it to everyone I meet
a moving film that made me cry in a good way
the plot is smart and the pace is perfect
dinner was delicious and the wine was excellent
the view from the window is stunning
a brilliant debut from a young author
they listened to us and solved the problem at once
warm bread and friendly faces every morning
my favourite place in the whole town
the new version is faster and much nicer
simple and elegant and strong
the concert was magical
I smiled the whole way home
this is how a family film should be
""".strip().splitlines()

BAD = """
I wanted to leave after ten minutes
we sat there bored until the lights came on
the worst evening I have had this year
a cold and lazy story with a stupid ending
she plays the part without any life
I would never watch it again
the soup was cold and tasted of nothing
our waiter was rude and slow
weak coffee and a dry cake
the room was dirty and the bed was broken
a noisy hotel beside an ugly road
the staff ignored us and sighed
it does not work as promised
the battery dies at noon and the screen is dim
setting it up was a nightmare and took all day
far too much money for something so badly made
my children hate this book
the pictures are ugly and the jokes are dull
I gave up after one chapter because nothing happened
the music is loud and gives you a headache
an old idea and a tired cast
the actors look lost in every scene
everything arrived late and in pieces
this shop always lets me down
a complete waste of a lesson
the teacher mumbles and gets angry
a filthy beach and unfriendly people
the trip was a disaster from start to finish
bad work at a shameless price
I regret buying this bicycle
heavy and slow and a pain to ride
the garden looks terrible after their visit
the bread is stale and the butter is sour
they broke my laptop and kept it for a month
awful sound from a cheap box
what a dreary little museum
the guide was bored and knew nothing
a poor choice for any day
I warn everyone I meet about it
a clumsy film that made me yawn
the plot makes no sense and the pace is painful
dinner was burnt and the wine was sour
the view from the window is a grey wall
a disappointing debut from a careless author
they ignored us and the problem came back at once
stale bread and angry faces every morning
the most unpleasant place in the whole town
the new version is slower and much worse
complicated and ugly and weak
the concert was unbearable
I complained the whole way home
this is an insult to every family
""".strip().splitlines()

THINGS = """film book song play game phone camera restaurant pizza hotel course show novel museum train chair jacket
speech episode album""".split()
PRAISE = """great wonderful excellent brilliant lovely charming superb delightful fantastic beautiful amazing clever
enjoyable perfect fun""".split()
BLAME = """bad terrible awful boring dull ugly disappointing horrible stupid annoying dreadful clumsy useless painful
broken""".split()
GOOD_PATTERNS = [
    "this {thing} is {word} and I love it",
    "what a {word} {thing}",
    "the {thing} was {word} , truly {other}",
    "a {word} {thing} that I will recommend to my friends",
    "I enjoyed the {thing} because it was so {word}",
    "a {word} and {other} {thing}",
    "{word} from start to finish",
]
BAD_PATTERNS = [
    "this {thing} is {word} and I hate it",
    "what a {word} {thing}",
    "the {thing} was {word} , simply {other}",
    "a {word} {thing} that I will never recommend to my friends",
    "I disliked the {thing} because it was so {word}",
    "a {word} and {other} {thing}",
    "{word} from start to finish",
]


def sentences(seed=0, per_pattern=50):
    """Every sentence once: [(words, label)], lower case, in an order that the seed shuffles."""
    rng = random.Random(seed)
    found = {s.lower(): 1 for s in GOOD} | {s.lower(): 0 for s in BAD}
    for label, patterns, words in ((1, GOOD_PATTERNS, PRAISE), (0, BAD_PATTERNS, BLAME)):
        for pattern in patterns:
            for thing, word in rng.sample(list(itertools.product(THINGS, words)), per_pattern):
                other = rng.choice([w for w in words if w != word])
                found[pattern.format(thing=thing, word=word, other=other).lower()] = label
    pairs = [(text.split(), label) for text, label in found.items()]
    rng.shuffle(pairs)
    return pairs
