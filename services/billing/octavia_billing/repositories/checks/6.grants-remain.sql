-- what remains of a grant is what was not held, spent or expired of it
WITH drawn AS (
    SELECT p.grant_id, sum(p.amount) AS amount FROM hold_parts p JOIN holds h ON h.id = p.hold_id
    WHERE h.state IN ('held', 'captured') GROUP BY p.grant_id
), expired AS (
    SELECT grant_id, sum(credits) AS amount FROM transactions WHERE kind = 'expire' GROUP BY grant_id
), granted AS (
    SELECT grant_id, user_id, sum(credits) AS amount FROM transactions WHERE kind = 'grant'
    GROUP BY grant_id, user_id
)
SELECT format('grant %s', coalesce(g.id, n.grant_id)) AS subject,
       format('%s of %s remain; %s granted, %s drawn, %s expired', g.remaining, g.amount, n.amount,
              d.amount, e.amount) AS wrong
FROM grants g FULL JOIN granted n ON n.grant_id = g.id AND n.user_id = g.user_id
LEFT JOIN drawn d ON d.grant_id = g.id LEFT JOIN expired e ON e.grant_id = g.id
WHERE g.id IS NULL OR g.amount <> coalesce(n.amount, 0)
      OR g.remaining <> g.amount - coalesce(d.amount, 0) - coalesce(e.amount, 0)
