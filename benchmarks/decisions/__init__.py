"""Do the pilots' probabilities hold, how much do they say, and how near are they to the best there is?"""
