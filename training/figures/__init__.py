"""What is measured of judged rows: each figure has one definition here, with its interval and its n."""
