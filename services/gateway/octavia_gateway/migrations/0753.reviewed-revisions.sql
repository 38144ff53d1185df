-- depends: 0752.batches
-- What was changed in a review stays in the history of what came of it. `reviewed` counts those revisions, and
-- `first` is the one that `base` is: above 0 where they are of the transcript. Those are kept once for all
-- languages, under the language ''.
ALTER TABLE edited_languages
    ADD COLUMN reviewed integer NOT NULL DEFAULT 0,
    ADD COLUMN first    integer NOT NULL DEFAULT 0;
