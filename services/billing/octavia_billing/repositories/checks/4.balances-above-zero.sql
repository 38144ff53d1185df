-- no balance is below zero
SELECT format('user %s', user_id) AS subject,
       format('available and held are %s and %s', available, held) AS wrong
FROM accounts WHERE available < 0 OR held < 0
